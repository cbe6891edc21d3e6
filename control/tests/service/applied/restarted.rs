//! Proxies whose Envoy was restarted with the same node id, and those that only seem to be.

use std::time::Duration;

use serde_json::{Value, json};

use super::proxy::{ANA, DENY, Proxy, of, revoke, states, wait_for};
use crate::cli::program;
use crate::harness::Service;

const FIRST: &str = "stale_after=300&then=deny&node=edge%2F1&process=p1";
const SECOND: &str = "stale_after=300&then=deny&node=edge%2F1&process=p2";
const THIRD: &str = "stale_after=300&then=deny&node=edge%2F1&process=p3";

/// The state of one proxy.
async fn state(service: &Service, instance: &str) -> String {
    let all = states(service).await;
    let one = all.into_iter().find(|(name, ..)| name == instance);
    one.unwrap().2
}

/// A proxy polls, and closes the connection while the poll waits.
async fn hangs_up(service: &Service, proxy: &Proxy<'_>) {
    let (epoch, version) = (&proxy.epoch, proxy.version);
    let query = format!("epoch={epoch}&after={version}&applied={version}&wait=60");
    service.clock.advance(15);
    let waits = async {
        while state(service, proxy.instance).await != "live" {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = proxy.ask(&query) => panic!("it was to wait: {answer:?}"),
        () = waits => {}
    }
    let begun = service.clock.seconds();
    while state(service, proxy.instance).await == "live" {
        // The service notices that the connection has ended.
        service.clock.advance(1);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(service.clock.seconds() - begun < 60, "it was not noticed");
}

/// A proxy is answered, and polls no more.
fn falls_silent(service: &Service) {
    service.clock.advance(20);
}

async fn shares_node(service: &Service) -> Vec<(String, bool)> {
    let list = service.listed("/proxies").await;
    let one = |proxy: &Value| {
        let name = proxy["instance"].as_str().unwrap().to_owned();
        (name, proxy["shares_node"].as_bool().unwrap())
    };
    list.iter().map(one).collect()
}

#[tokio::test]
async fn b06_a_proxy_that_restarts_with_its_node_id_replaces_its_predecessor() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut old = Proxy::start(&service, "old", FIRST).await;
    old.poll(0).await;
    hangs_up(&service, &old).await;
    let version = revoke(&service).await;
    assert_eq!(state(&service, "old").await, "unknown");
    assert_eq!(wait_for(&service, version, 0).await["complete"], false);

    let mut new = old.again("new", SECOND).await;
    assert_eq!(state(&service, "old").await, "replaced");
    new.poll(0).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(
        (
            &view["complete"],
            &view["proxies"],
            &view["items"][0]["node"]
        ),
        (&json!(true), &json!(1), &json!("edge/1"))
    );
    // Should the old one still run, administrators know how long it admits users.
    let ended = &view["presumed_ended"][0];
    assert_eq!(
        (&ended["instance"], &ended["state"]),
        (&json!("old"), &json!("replaced"))
    );
    assert!(ended["until"].is_u64(), "{ended}");
    let data = service.data_dir();
    let running = tokio::task::spawn_blocking(move || {
        let revoke = ["revoke", "user", ANA, "--wait", "--timeout", "30s"];
        program(&data, &revoke).output().unwrap()
    });
    while !running.is_finished() {
        new.poll(1).await;
    }
    let told = String::from_utf8_lossy(&running.await.unwrap().stdout).into_owned();
    let says = "Presumed ended, since another process of the node took the place:\n  old at ";
    assert!(told.contains(says), "{told}");
    let version = version + 1;

    // Another replica, and this one after a restart, say the same.
    let replica = service.replica().await;
    assert_eq!(wait_for(&replica, version, 0).await["complete"], true);

    // Its list forgets the old one after an hour, and until then shows it.
    service.clock.advance(3_500);
    let view = wait_for(&service, version, 0).await;
    assert_eq!(view["presumed_ended"], json!([]), "it would deny now");
    let tend = || async {
        let service = &service.running.service;
        service.proxies.tend(&service.storage).await.unwrap();
    };
    tend().await;
    assert_eq!(states(&service).await.len(), 2);
    service.clock.advance(200);
    tend().await;
    assert_eq!(states(&service).await, [of("new", version, "stale")]);
}

#[tokio::test]
async fn a_proxy_that_only_fell_silent_is_waited_for_although_its_node_restarted() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut old = Proxy::start(&service, "old", FIRST).await;
    old.poll(0).await;
    falls_silent(&service);
    let mut new = old.again("new", SECOND).await;
    let version = revoke(&service).await;
    new.poll(0).await;
    new.poll(0).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(
        (&view["complete"], &view["live_complete"], &view["applied"]),
        (&json!(false), &json!(true), &json!(1)),
        "it may be cut off, and admit users"
    );
    assert_eq!(state(&service, "old").await, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_with_one_node_id_at_the_same_time_do_not_replace_each_other() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut one = Proxy::start(&service, "one", FIRST).await;
    one.poll(0).await;
    service.clock.advance(1);
    let mut two = one.again("two", SECOND).await;
    service.clock.advance(1);
    one.poll(0).await;
    two.poll(0).await;
    let both = [("one".to_owned(), true), ("two".to_owned(), true)];
    assert_eq!(shares_node(&service).await, both);

    // One of them ends. Whether it is `two` under another name that follows cannot be known.
    hangs_up(&service, &one).await;
    let mut three = one.again("three", THIRD).await;
    assert_eq!(state(&service, "one").await, "unknown");
    let version = revoke(&service).await;
    two.poll(0).await;
    two.poll(0).await;
    three.poll(0).await;
    three.poll(0).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(
        (&view["complete"], &view["applied"], &view["proxies"]),
        (&json!(false), &json!(2), &json!(3))
    );

    // It stays known when those that it shared its node with are forgotten.
    let inner = &service.running.service;
    inner.proxies.tend(&inner.storage).await.unwrap();
    service
        .done("/proxies/forget", json!({ "instance": "two" }))
        .await;
    let (name, shares) = shares_node(&service).await.remove(0);
    assert_eq!((name.as_str(), shares), ("one", true));
    assert_eq!(state(&service, "one").await, "unknown");

    // The list says so.
    let list = program(&service.data_dir(), &["proxy", "list"]).output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    assert!(
        list.contains("edge/1 *") && list.contains("--service-node"),
        "{list}"
    );
}

#[tokio::test]
async fn a_credential_cannot_replace_the_proxies_of_another() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut old = Proxy::start(&service, "old", FIRST).await;
    old.poll(0).await;
    hangs_up(&service, &old).await;
    // A credential of its own.
    let mut foreign = Proxy::start(&service, "foreign", SECOND).await;
    foreign.poll(0).await;
    assert_eq!(state(&service, "old").await, "unknown");
    let no_node = old.again("no-node", DENY).await;
    assert_eq!(no_node.version, foreign.version);
    assert_eq!(state(&service, "old").await, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn b06_without_a_node_id_it_is_said_who_is_waited_for_until_when() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut old = Proxy::start(&service, "old", DENY).await;
    old.poll(0).await;
    hangs_up(&service, &old).await;
    let mut new = old.again("new", DENY).await;
    new.poll(0).await;
    let list = service.listed("/proxies").await;
    let until = list[1]["until"].as_u64().unwrap();
    assert_eq!(list[1]["instance"], "old");
    let until =
        humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + Duration::from_secs(until));

    let data = service.data_dir();
    let revoke = ["revoke", "user", ANA, "--timeout", "200ms"];
    let run = |more: &[&str]| {
        let arguments = [&revoke[..], more].concat();
        program(&data, &arguments).output().unwrap()
    };
    let late = run(&["--wait"]);
    let error = String::from_utf8_lossy(&late.stderr).into_owned();
    assert_eq!(late.status.code(), Some(1), "{error}");
    for told in [
        "old at 127.0.0.1 (unknown) has version",
        &format!("may admit users until {until}"),
        "`--wait-for live`",
    ] {
        assert!(error.contains(told), "{told}: {error}");
    }

    // Only those that poll.
    let wait_for_live = |more: &'static [&'static str]| {
        let data = data.clone();
        let of_ana = [
            "revoke",
            "user",
            ANA,
            "--wait-for",
            "live",
            "--timeout",
            "30s",
        ];
        tokio::task::spawn_blocking(move || {
            program(&data, &[&of_ana[..], more].concat())
                .output()
                .unwrap()
        })
    };
    for (more, is_json) in [(&[][..], false), (&["--json"], true)] {
        let running = wait_for_live(more);
        while !running.is_finished() {
            new.poll(1).await;
        }
        let done = running.await.unwrap();
        let told = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{told}");
        if is_json {
            let told: Value = serde_json::from_str(&told).unwrap();
            let applied = &told["applied"];
            assert_eq!(
                (
                    &applied["complete"],
                    &applied["live_complete"],
                    &applied["waited_for"],
                    &applied["items"][1]["until"],
                ),
                (
                    &json!(false),
                    &json!(true),
                    &json!("live"),
                    &list[1]["until"]
                ),
                "{applied}"
            );
        } else {
            assert!(told.contains("The one live proxy has applied it"), "{told}");
            assert!(
                told.contains("were left out:\n  old at 127.0.0.1"),
                "{told}"
            );
        }
    }
}
