//! A statistic says which way signatures were checked, with Envoy's own check and without it; a
//! user gets in either way.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_demo::wait;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

/// Counts reach Envoy on the filter's tick.
const COUNTED: Duration = Duration::from_secs(10);
const HOST: &str = "wasmcustom.portcullis.signature.host";
const PURE: &str = "wasmcustom.portcullis.signature.pure";
const IMPORTS: &str = include_str!("../../../module/imports.txt");
/// What the module exports; a host calls what begins so.
const EXPORTS: &str = include_str!("../../../../envoy/module/exports.txt");
const CALLBACK: &str = "proxy_on_";

#[test]
fn with_envoys_check_signatures_are_counted_as_the_hosts() -> Result<()> {
    // Alone: a forged token without a DER form, as others send, is refused in pure Rust.
    let stand = Stand::start(&directories::of_stand("host")?)?;
    let counts = sign_in_and_count(&stand, HOST)?;
    assert_eq!(counts.get(PURE).copied().unwrap_or(0), 0, "{counts:?}");
    Ok(())
}

#[test]
fn without_it_they_are_checked_in_pure_rust() -> Result<()> {
    let directory = directories::of_stand("pure")?;
    let stand = Stand::start_changed(&directory, without_foreign_functions)?;
    let counts = sign_in_and_count(&stand, PURE)?;
    assert_eq!(counts.get(HOST).copied().unwrap_or(0), 0, "{counts:?}");
    Ok(())
}

/// Signs a user in, and waits until a count has grown. The answer is both counts.
fn sign_in_and_count(stand: &Stand, grows: &str) -> Result<BTreeMap<String, u64>> {
    let counts = || {
        stand
            .deployment
            .envoy
            .admin()
            .stats(r"\.portcullis\.signature\.")
    };
    let before = counts()?.get(grows).copied().unwrap_or(0);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    stand.admitted_by_workers(&browser, &application)?;
    wait::until(&format!("{grows} to grow"), COUNTED, || {
        let now = counts()?;
        let grown = now.get(grows).copied().unwrap_or(0) > before;
        Ok(grown.then_some(now))
    })
}

/// The bootstrap with a filter that may do everything that it does but call foreign functions.
fn without_foreign_functions(yaml: String) -> Result<String> {
    let bootstrap = bootstrap::with_quiet_listener(yaml)?;
    let mut bootstrap: Value = serde_json::from_str(&bootstrap)?;
    let imports = IMPORTS.lines().filter(|line| !line.starts_with('#'));
    let imported = imports.filter_map(|line| line.split(' ').nth(1));
    let allowed: serde_json::Map<_, _> = imported
        .chain(EXPORTS.lines().filter(|line| line.starts_with(CALLBACK)))
        .filter(|name| *name != "proxy_call_foreign_function")
        .map(|name| (name.to_owned(), json!({})))
        .collect();
    let listeners = bootstrap
        .pointer_mut("/static_resources/listeners")
        .and_then(Value::as_array_mut)
        .context("no listeners")?;
    for listener in listeners {
        let plugin = listener
            .pointer_mut(
                "/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config",
            )
            .and_then(Value::as_object_mut)
            .context("no filter")?;
        plugin.insert(
            "capability_restriction_config".to_owned(),
            json!({"allowed_capabilities": allowed}),
        );
    }
    Ok(serde_json::to_string_pretty(&bootstrap)?)
}
