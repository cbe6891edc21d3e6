//! What an update of Envoy's configuration may change of a plugin.

use std::fs;

use anyhow::{Context, Result};
use portcullis_demo::tools::Tools;
use portcullis_e2e::directories;
use portcullis_e2e::listeners::CONFIGURATION;
use serde_json::{Value, json};

use super::STAND;

const MODULE: &str = "/vm_config/code/local/filename";
/// A custom section without a name or content (WebAssembly core specification, 5.5.3): the
/// module's bytes differ and it runs the same.
const CUSTOM_SECTION: [u8; 3] = [0, 1, 0];

/// What is changed.
pub struct Update {
    pub name: &'static str,
    pub change: fn(&mut Value) -> Result<()>,
    /// Whether Envoy makes VMs for it.
    pub makes_vms: bool,
}

pub const UPDATES: [Update; 4] = [
    Update {
        name: "nothing of the plugin",
        change: |_| Ok(()),
        makes_vms: false,
    },
    Update {
        name: "its configuration",
        change: |plugin| set(plugin, &format!("{CONFIGURATION}/control/timeout"), "3s"),
        makes_vms: false,
    },
    Update {
        name: "its module",
        change: |plugin| set(plugin, MODULE, &changed_module()?),
        makes_vms: true,
    },
    Update {
        name: "its VM's name",
        change: |plugin| set(plugin, "/vm_config/vm_id", "another"),
        makes_vms: true,
    },
];

fn set(plugin: &mut Value, path: &str, value: &str) -> Result<()> {
    *plugin.pointer_mut(path).with_context(|| path.to_owned())? = json!(value);
    Ok(())
}

/// The filter in another file, whose bytes are others.
fn changed_module() -> Result<String> {
    let mut module = fs::read(Tools::find("control-with-clock")?.module)?;
    module.extend(CUSTOM_SECTION);
    let file = directories::of_stand(STAND)?.join("changed.wasm");
    fs::write(&file, module)?;
    Ok(file.display().to_string())
}
