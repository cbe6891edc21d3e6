//! Listeners that come and go while Envoy runs: from a file that Envoy watches.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{Stand, bootstrap};

/// Where the plugin is in a listener: its VM, and its configuration.
const PLUGIN: &str = "/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config";
/// Where the filter's configuration is in a plugin.
pub const CONFIGURATION: &str = "/configuration/value";
const ROUTES: &str = "/filter_chains/0/filters/0/typed_config/route_config";
/// The header in which answers of applications name the last update of their listener.
pub const UPDATE: &str = "x-update";
/// Another process may take the first Envoy's port before it does, and an Envoy whose listeners
/// come from a file then runs without that listener.
const STARTS: u32 = 3;

/// The listeners of an Envoy.
pub struct Listeners {
    file: PathBuf,
    state: Mutex<State>,
}

struct State {
    version: u32,
    all: Vec<Value>,
}

impl Stand {
    /// A stand with two Envoys, and the listeners of each.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start_two_with_listeners(
        directory: &Path,
        drain: Duration,
        change_bootstrap: impl Fn(String) -> Result<String>,
    ) -> Result<(Self, Vec<Listeners>)> {
        let mut starts = 1;
        loop {
            let listeners = RefCell::new(Vec::new());
            let started = Self::start_two(directory, drain, |yaml, of_envoy| {
                let yaml = bootstrap::with_quiet_listener(change_bootstrap(yaml)?)?;
                let (yaml, read) = Listeners::of(&yaml, of_envoy)?;
                listeners.borrow_mut().push(read);
                Ok(yaml)
            });
            match started {
                Err(_) if starts < STARTS => starts += 1,
                started => return Ok((started?, listeners.take())),
            }
        }
    }
}

impl Listeners {
    /// A bootstrap that takes its listeners from a file in a directory, and those listeners.
    ///
    /// # Errors
    /// When the bootstrap has none, or the file cannot be written.
    pub fn of(yaml: &str, directory: &Path) -> Result<(String, Self)> {
        let mut bootstrap: Value = serde_saphyr::from_str(yaml)?;
        let all = bootstrap
            .pointer_mut("/static_resources/listeners")
            .and_then(Value::as_array_mut)
            .map(std::mem::take)
            .context("the bootstrap has no listeners")?;
        let file = directory.join("listeners.json");
        if let Some(bootstrap) = bootstrap.as_object_mut() {
            let source =
                json!({"resource_api_version": "V3", "path_config_source": {"path": file}});
            bootstrap.insert(
                "dynamic_resources".to_owned(),
                json!({"lds_config": source}),
            );
            bootstrap.insert("node".to_owned(), json!({"id": "test", "cluster": "test"}));
        }
        let state = Mutex::new(State { version: 0, all });
        let listeners = Self { file, state };
        listeners.change(|_| Ok(()))?;
        Ok((serde_json::to_string_pretty(&bootstrap)?, listeners))
    }

    /// Adds a listener as the first one, with another name, on a port that Envoy chooses, and with
    /// a change to the filter's configuration.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&self, name: &str, change: impl FnOnce(&mut Value)) -> Result<()> {
        self.change(|all| {
            let mut added = all.first().context("no listener")?.clone();
            let mut set = |path: &str, value: Value| -> Result<()> {
                *added.pointer_mut(path).with_context(|| path.to_owned())? = value;
                Ok(())
            };
            set("/name", json!(name))?;
            set("/address/socket_address/port_value", json!(0))?;
            let plugin = added.pointer_mut(PLUGIN).context("no filter")?;
            change(plugin.pointer_mut(CONFIGURATION).context("no filter")?);
            all.push(added);
            Ok(())
        })
    }

    /// Updates all listeners where they are, with a change to their plugin. Connections that there
    /// are stay with what was before, until they drain.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn update(&self, name: &str, change: impl Fn(&mut Value) -> Result<()>) -> Result<()> {
        self.change(|all| {
            for listener in all {
                change(listener.pointer_mut(PLUGIN).context("no filter")?)?;
                let routes = listener.pointer_mut(ROUTES).and_then(Value::as_object_mut);
                let header = json!([{"header": {"key": UPDATE, "value": name}}]);
                routes
                    .context("no routes")?
                    .insert("response_headers_to_add".to_owned(), header);
            }
            Ok(())
        })
    }

    /// Removes listeners.
    ///
    /// # Errors
    /// When there is no such listener, or the file cannot be written.
    pub fn remove(&self, names: &[&str]) -> Result<()> {
        self.change(|all| {
            let before = all.len();
            all.retain(|listener| {
                let name = listener.get("name").and_then(Value::as_str);
                !names.iter().any(|removed| Some(*removed) == name)
            });
            ensure!(before - all.len() == names.len(), "not all of {names:?}");
            Ok(())
        })
    }

    /// Envoy notices a file that is moved to its place.
    fn change(&self, change: impl FnOnce(&mut Vec<Value>) -> Result<()>) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state.all)?;
        state.version += 1;
        let mut resources = state.all.clone();
        for listener in resources.iter_mut().filter_map(Value::as_object_mut) {
            let kind = "type.googleapis.com/envoy.config.listener.v3.Listener";
            listener.insert("@type".to_owned(), json!(kind));
        }
        let text = json!({"version_info": state.version.to_string(), "resources": resources});
        let new = self.file.with_extension("new");
        fs::write(&new, text.to_string())?;
        fs::rename(&new, &self.file)?;
        Ok(())
    }
}
