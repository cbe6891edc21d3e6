//! The same by the command line, and over several replicas.

use std::time::Duration;

use serde_json::{Value, json};

use super::proxy::{ANA, DENY, Proxy, revoke, wait_for};
use crate::cli::program;
use crate::harness::Service;

#[tokio::test]
async fn b06_replicas_know_of_each_others_proxies() {
    let service = Service::start().await;
    let replica = service.replica().await;
    service.user(ANA).await;
    let mut here = Proxy::start(&service, "here", DENY).await;
    let mut there = Proxy::start(&replica, "there", DENY).await;
    here.poll(0).await;
    there.poll(0).await;
    let begun = std::time::Instant::now();
    let (version, ()) = tokio::join!(revoke(&service), there.poll(60));
    let woken = begun.elapsed();
    assert_eq!(there.version, version);
    assert!(woken < Duration::from_secs(5), "{woken:?}");
    here.poll(0).await;
    let (view, (), ()) = tokio::join!(
        wait_for(&service, version, 30_000),
        here.poll(0),
        there.poll(0)
    );
    assert_eq!(
        (&view["complete"], &view["proxies"]),
        (&json!(true), &json!(2))
    );
    let seen_there = wait_for(&replica, version, 30_000).await;
    assert_eq!(seen_there["complete"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn b06_the_command_waits_and_says_who_lacks_it() {
    let service = Service::start().await;
    service.user(ANA).await;
    let data = service.data_dir();
    let run = |arguments: &[&str]| program(&data, arguments).output().unwrap();
    let nobody = run(&["revoke", "user", ANA, "--wait"]);
    assert!(nobody.status.success());
    assert!(String::from_utf8_lossy(&nobody.stdout).contains("No proxy follows the feed"));

    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let arguments = ["revoke", "user", ANA, "--wait", "--timeout", "200ms"];
    let late = run(&arguments);
    assert_eq!(late.status.code(), Some(1));
    let (told, error) = (
        String::from_utf8_lossy(&late.stdout).into_owned(),
        String::from_utf8_lossy(&late.stderr).into_owned(),
    );
    assert!(told.contains("Revoked"), "the revocation stands: {told}");
    assert!(
        error.contains("one at 127.0.0.1 (live) has version"),
        "{error}"
    );
    let late = run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(late.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&late.stdout).unwrap();
    assert_eq!(told["applied"]["complete"], false);
    assert_eq!(told["applied"]["items"][0]["instance"], "one");

    proxy.poll(0).await;
    proxy.poll(0).await;
    let list = run(&["proxy", "list", "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(
        (&list["items"][0]["version"], &list["items"][0]["state"]),
        (&told["version"], &json!("live"))
    );
    let list = run(&["revocation", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("1 of 1") && list.contains(" ms"), "{list}");
    let version = told["version"].to_string();
    let shown = run(&["revocation", "show", &version]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("one") && shown.contains("yes"), "{shown}");
    assert_eq!(run(&["revocation", "show", "99999"]).status.code(), Some(1));
    assert_eq!(
        run(&["revoke", "user", ANA, "--timeout", "1s"])
            .status
            .code(),
        Some(2)
    );
    assert!(run(&["proxy", "forget", "one"]).status.success());
    assert_eq!(run(&["proxy", "forget", "one"]).status.code(), Some(1));
}
