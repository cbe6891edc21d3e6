//! What the tests change in Envoy's bootstrap.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Name of the listener that is shipped, which all tests use.
pub const SHIPPED: &str = "https";
/// Name and statistics prefix of the listener that only [`crate::workers`] uses.
pub const QUIET: &str = "quiet";

/// The bootstrap with its listener a second time, on a port of its own: where no other
/// client connects, the listener's statistics tell which worker took a connection.
pub fn with_quiet_listener(yaml: String) -> Result<String> {
    let mut bootstrap: Value = serde_saphyr::from_str(&yaml)?;
    let listeners = bootstrap
        .pointer_mut("/static_resources/listeners")
        .and_then(Value::as_array_mut)
        .context("the bootstrap has no listeners")?;
    let mut quiet = listeners.first().context("no listener")?.clone();
    for (path, value) in [
        ("/name", json!(QUIET)),
        ("/address/socket_address/port_value", json!(0)),
    ] {
        *quiet.pointer_mut(path).with_context(|| path.to_owned())? = value;
    }
    if let Some(listener) = quiet.as_object_mut() {
        listener.insert("stat_prefix".to_owned(), json!(QUIET));
    }
    listeners.push(quiet);
    // JSON is YAML too.
    Ok(serde_json::to_string_pretty(&bootstrap)?)
}
