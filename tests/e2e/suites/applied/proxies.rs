//! What administrators are told of a real Envoy's filters, held against what its workers do.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::control::User;
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};
use serde::Deserialize;
use serde_json::Value;

const ENVOYS: u64 = 2;
pub const LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
struct Proxies {
    items: Vec<Proxy>,
}

#[derive(Debug, Deserialize)]
pub struct Proxy {
    pub instance: String,
    pub node: Option<String>,
    pub shares_node: bool,
    pub version: u64,
    pub state: String,
    pub until: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub struct Revoked {
    pub version: u64,
    pub applied: Applied,
}

#[derive(Debug, Deserialize)]
pub struct Applied {
    pub complete: bool,
    pub live_complete: bool,
    pub proxies: u64,
    pub slowest_ms: Option<u64>,
}

/// Two Envoys, each with two workers.
fn start(name: &str) -> Result<Stand> {
    let directory = directories::of_stand(name)?;
    Stand::start_two(&directory, DRAIN, |yaml, _| {
        bootstrap::with_quiet_listener(yaml)
    })
}

pub fn proxies(stand: &Stand) -> Result<Vec<Proxy>> {
    let list: Proxies = stand.deployment.control.command(&["proxy", "list"])?;
    Ok(list.items)
}

#[test]
fn b06_when_all_proxies_have_reported_a_revocation_every_worker_refuses() -> Result<()> {
    let stand = start("applied")?;
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
        assert!(applied.complete && applied.proxies == ENVOYS, "{applied:?}");
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
    let mut stand = start("applied-gone")?;
    let user = stand.user()?;
    let newest = stand.deployment.control.revoke_user(&user.email)?;
    wait::until("both to have it", LIMIT, || {
        let all = wait_for(&stand, ["live", "live"])?;
        Ok(all
            .iter()
            .all(|proxy| proxy.version >= newest)
            .then_some(()))
    })?;

    stand.second_envoy()?.process().kill();
    let proxies = wait_for(&stand, ["live", "unknown"])?;
    let control = &stand.deployment.control;
    let arguments = ["revoke", "user", &user.email, "--wait", "--timeout", "2s"];
    let output = control.prepare(&arguments).output()?;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr)?;
    for proxy in &proxies {
        let named = error.contains(&proxy.instance);
        ensure!(named == (proxy.state == "unknown"), "{proxy:?}: {error}");
    }
    control.command::<Value>(&["proxy", "forget", &proxies[1].instance])?;
    assert_eq!(revoke_and_wait(&stand, &user)?, 1);

    // That of another Envoy is another.
    stand.restart_second_envoy()?;
    wait_for(&stand, ["live", "live"])?;
    assert_eq!(revoke_and_wait(&stand, &user)?, 2);
    Ok(())
}

/// Waits until there are proxies in these states; the answer is those, in the order of states.
fn wait_for(stand: &Stand, states: [&str; 2]) -> Result<Vec<Proxy>> {
    let what = format!("proxies to be {states:?}");
    wait::until(&what, LIMIT, || {
        let mut proxies = proxies(stand)?;
        proxies.sort_by(|one, other| one.state.cmp(&other.state));
        let found: Vec<_> = proxies.iter().map(|proxy| proxy.state.as_str()).collect();
        Ok((found == states).then_some(proxies))
    })
}

/// Revokes a user; the answer is how many proxies have all applied it.
fn revoke_and_wait(stand: &Stand, user: &User) -> Result<u64> {
    let control = &stand.deployment.control;
    let revoked: Revoked = control.command(&["revoke", "user", &user.email, "--wait"])?;
    ensure!(revoked.applied.complete, "{revoked:?}");
    Ok(revoked.applied.proxies)
}
