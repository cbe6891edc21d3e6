//! Which proxies have applied a revocation: told by their polls, asked for by administrators.

mod bounds;
mod command;
mod life;
pub mod proxy;
mod restarted;
mod ways;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::Service;
use proxy::{ALLOW, ANA, DENY, Proxy, revoke, wait_for};

#[tokio::test]
async fn b06_a_revocation_is_known_to_be_applied_when_every_proxy_says_so() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut one = Proxy::start(&service, "one", DENY).await;
    let mut two = Proxy::start(&service, "two", ALLOW).await;
    one.poll(0).await;
    two.poll(0).await;
    let version = revoke(&service).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(
        (&view["complete"], &view["applied"]),
        (&json!(false), &json!(0))
    );

    // Each takes the page, and says with its next poll that it has.
    one.poll(0).await;
    one.poll(0).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!((&view["applied"], &view["proxies"]), (&json!(1), &json!(2)));
    let lacks: Vec<&Value> = view["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|proxy| proxy["applied"] == false)
        .collect();
    assert_eq!(lacks.len(), 1);
    assert_eq!(
        (
            &lacks[0]["instance"],
            &lacks[0]["version"],
            &lacks[0]["state"]
        ),
        (&json!("two"), &json!(version - 1), &json!("live"))
    );

    two.poll(0).await;
    let begun = std::time::Instant::now();
    let (view, ()) = tokio::join!(wait_for(&service, version, 30_000), async {
        two.poll(0).await;
    });
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "woken by the poll"
    );
    assert_eq!(
        (&view["complete"], &view["applied"]),
        (&json!(true), &json!(2))
    );
    let listed = service.listed("/revocations").await;
    assert_eq!(
        (
            &listed[0]["version"],
            &listed[0]["name"],
            &listed[0]["applied"]
        ),
        (&json!(version), &json!(ANA), &json!(2))
    );
    assert!(listed[0]["slowest_ms"].is_u64(), "{}", listed[0]);
}

#[tokio::test]
async fn what_is_not_applied_in_time_is_said_and_stands() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let version = revoke(&service).await;
    let begun = std::time::Instant::now();
    let view = wait_for(&service, version, 300).await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(view["complete"], false);
    proxy.poll(0).await;
    assert_eq!(proxy.version, version);
}

#[tokio::test]
async fn what_is_known_survives_a_restart() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let version = revoke(&service).await;
    proxy.poll(0).await;
    proxy.poll(0).await;
    let known = wait_for(&service, version, 5_000).await;
    let directory = service.directory.clone();
    service.running.stop().await;
    let service = Service::start_in(directory, "").await.unwrap();
    let again = wait_for(&service, version, 0).await;
    assert_eq!(again["complete"], true);
    assert_eq!(again["items"][0]["after_ms"], known["items"][0]["after_ms"]);
    assert!(known["items"][0]["after_ms"].is_u64());
}

#[tokio::test]
async fn another_life_of_the_database_and_the_future_count_for_nothing() {
    let service = Service::start().await;
    service.user(ANA).await;
    let proxy = Proxy::start(&service, "one", DENY).await;
    let version = revoke(&service).await;
    let ahead = format!("epoch={}&after=1&applied=999999", proxy.epoch);
    for query in [
        &format!("epoch=other&after={version}&applied={version}"),
        &ahead,
    ] {
        proxy.ask(query).await;
        let view = wait_for(&service, version, 0).await;
        assert_eq!((&view["applied"], &view["proxies"]), (&json!(0), &json!(1)));
    }
}
