//! What administrators are told of a real Envoy's filters, held against what its workers do.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::{ApplicationSettings, Stand, directories};
use serde::Deserialize;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
struct Proxies {
    items: Vec<Proxy>,
}

#[derive(Debug, Deserialize)]
struct Proxy {
    instance: String,
    version: u64,
    state: String,
}

#[derive(Debug, Deserialize)]
struct Revoked {
    version: u64,
    applied: Applied,
}

#[derive(Debug, Deserialize)]
struct Applied {
    complete: bool,
    proxies: u64,
    slowest_ms: Option<u64>,
}

fn proxies(stand: &Stand) -> Result<Vec<Proxy>> {
    let list: Proxies = stand.deployment.control.command(&["proxy", "list"])?;
    Ok(list.items)
}

#[test]
fn b06_when_all_proxies_have_reported_a_revocation_every_worker_refuses() -> Result<()> {
    let stand = Stand::start(&directories::of_stand("applied")?)?;
    let application = stand.application(&ApplicationSettings::default())?;
    let control = &stand.deployment.control;
    let mut slowest = Vec::new();
    for _ in 0..5 {
        let user = stand.user()?;
        let browser = stand.sign_in(&user, &application)?;
        stand.admitted_by_workers(&browser, &application)?;

        let revoked: Revoked = control.command(&["revoke", "user", &user.email, "--wait"])?;

        // At once: nothing is waited for any more.
        for answer in stand.ask_workers(&browser, &application, "/api/time")? {
            assert_eq!(answer.status, 401);
            assert_eq!(Refusal::of_answer(&answer)?.reason, "session_revoked");
        }
        let applied = revoked.applied;
        assert!(applied.complete && applied.proxies > 0, "{applied:?}");
        slowest.push(applied.slowest_ms.context("no time")?);
        let list: Value = control.command(&["revocation", "list"])?;
        let newest = &list["items"][0];
        assert_eq!(newest["version"], revoked.version);
        assert_eq!(newest["applied"], newest["proxies"]);
        assert_eq!(newest["name"], user.email);
    }
    println!("the slowest proxy took, in ms: {slowest:?}");
    slowest.sort_unstable();
    // The median: other tests use the machine too.
    assert!(slowest[2] < 1_000, "{slowest:?}");
    Ok(())
}

#[test]
fn b06_an_envoy_that_is_gone_is_named_until_somebody_says_so() -> Result<()> {
    let mut stand = Stand::start(&directories::of_stand("applied-gone")?)?;
    let user = stand.user()?;
    let newest = stand.deployment.control.revoke_user(&user.email)?;
    let live = wait::until("all filters to be live", LIMIT, || {
        let proxies = proxies(&stand)?;
        let all = proxies
            .iter()
            .all(|proxy| proxy.state == "live" && proxy.version >= newest);
        Ok((all && !proxies.is_empty()).then_some(proxies))
    })?;

    stand.deployment.envoy.process().kill();
    let gone = wait::until("all filters to be gone", LIMIT, || {
        let proxies = proxies(&stand)?;
        let all = proxies.iter().all(|proxy| proxy.state == "unknown");
        Ok(all.then_some(proxies))
    })?;
    assert_eq!(gone.len(), live.len());
    let control = &stand.deployment.control;
    let arguments = [
        "revoke",
        "user",
        &user.email,
        "--wait",
        "--timeout",
        "100ms",
    ];
    let output = control.prepare(&arguments).output()?;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr)?;
    for proxy in &gone {
        ensure!(error.contains(&proxy.instance), "{error}");
        control.command::<Value>(&["proxy", "forget", &proxy.instance])?;
    }

    // Those of another Envoy are others, and all that is waited for.
    stand.restart_envoy()?;
    let revoked: Revoked =
        stand
            .deployment
            .control
            .command(&["revoke", "user", &user.email, "--wait"])?;
    assert!(revoked.applied.complete);
    Ok(())
}
