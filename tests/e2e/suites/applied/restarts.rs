//! Envoys that are restarted: with a node id, the new process takes the place of the old one.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

use super::proxies::{LIMIT, Proxy, Revoked, proxies};

/// A node id of each Envoy's own, as `--service-node` sets it.
fn with_node(yaml: String, directory: &Path) -> Result<String> {
    let mut bootstrap: Value = serde_json::from_str(&bootstrap::with_quiet_listener(yaml)?)?;
    let name = directory.file_name().context("no name")?.to_string_lossy();
    let bootstrap = bootstrap.as_object_mut().context("no bootstrap")?;
    bootstrap.insert("node".to_owned(), json!({ "id": name, "cluster": "edge" }));
    Ok(serde_json::to_string_pretty(bootstrap)?)
}

fn count(proxies: &[Proxy], state: &str) -> usize {
    proxies.iter().filter(|proxy| proxy.state == state).count()
}

fn all_live(stand: &Stand) -> Result<()> {
    wait::until("both to poll", LIMIT, || {
        let proxies = proxies(stand)?;
        Ok((count(&proxies, "live") >= 2).then_some(()))
    })
}

#[test]
fn b06_after_a_rolling_restart_with_node_ids_only_the_new_processes_are_waited_for() -> Result<()> {
    let directory = directories::of_stand("applied-restarts")?;
    let mut stand = Stand::start_two(&directory, DRAIN, with_node)?;
    all_live(&stand)?;
    let before = proxies(&stand)?;
    let nodes: Vec<_> = before.iter().filter_map(|one| one.node.clone()).collect();
    ensure!(
        nodes.len() == 2 && nodes.contains(&"edge/second".to_owned()),
        "{before:?}"
    );
    for restart in 1..=2 {
        stand.restart_envoy()?;
        stand.restart_second_envoy()?;
        let application = stand.application(&ApplicationSettings::default())?;
        let user = stand.user()?;
        let browser = stand.sign_in(&user, &application)?;
        stand.admitted_by_workers(&browser, &application)?;

        let begun = Instant::now();
        let control = &stand.deployment.control;
        let revoked: Revoked = control.command(&["revoke", "user", &user.email, "--wait"])?;
        println!("after restart {restart}: {:?}", begun.elapsed());
        ensure!(
            revoked.applied.complete && revoked.applied.proxies == 2,
            "{revoked:?}"
        );
        for answer in stand.ask_workers(&browser, &application, "/api/time")? {
            assert_eq!(Refusal::of_answer(&answer)?.reason, "session_revoked");
        }
        let now = proxies(&stand)?;
        assert_eq!(
            (count(&now, "live"), count(&now, "replaced")),
            (2, 2 * restart),
            "{now:?}"
        );
        ensure!(now.iter().all(|proxy| !proxy.shares_node), "{now:?}");
    }
    Ok(())
}

#[test]
fn b06_after_a_restart_without_a_node_id_it_is_said_who_is_waited_for() -> Result<()> {
    let directory = directories::of_stand("applied-nameless")?;
    let mut stand = Stand::start_two(&directory, DRAIN, |yaml, _| {
        bootstrap::with_quiet_listener(yaml)
    })?;
    all_live(&stand)?;
    let old = proxies(&stand)?;
    stand.restart_second_envoy()?;
    let unknown = wait::until("the old process to be missed", LIMIT, || {
        let proxies = proxies(&stand)?;
        let is_there = count(&proxies, "live") == 2;
        let unknown = proxies.into_iter().find(|one| one.state == "unknown");
        Ok(unknown.filter(|_| is_there))
    })?;
    ensure!(
        old.iter().any(|one| one.instance == unknown.instance),
        "{unknown:?}"
    );
    ensure!(
        unknown.node.is_none() && unknown.until.is_some(),
        "{unknown:?}"
    );

    let user = stand.user()?;
    let control = &stand.deployment.control;
    let revoke = ["revoke", "user", &user.email];
    let waits = [&revoke[..], &["--wait", "--timeout", "2s"]].concat();
    let late = control.prepare(&waits).output()?;
    let error = String::from_utf8(late.stderr)?;
    assert_eq!(late.status.code(), Some(1), "{error}");
    ensure!(
        error.contains(&format!("{} at 127.0.0.1 (unknown)", unknown.instance)),
        "{error}"
    );
    ensure!(error.contains("may admit users until "), "{error}");

    let live = [&revoke[..], &["--wait-for", "live"]].concat();
    let revoked: Revoked = control.command(&live)?;
    ensure!(
        !revoked.applied.complete && revoked.applied.live_complete,
        "{revoked:?}"
    );
    ensure!(revoked.applied.proxies == 3, "{revoked:?}");
    Ok(())
}
