//! What metrics say of the proxies that follow the feed.

use serde_json::json;

use super::scrape::{Scrape, with_metrics};
use crate::applied::proxy::{ANA, DENY, Proxy, revoke};
use crate::harness::Service;

async fn states(service: &Service) -> [f64; 3] {
    // What polls reported is written with the list.
    service.listed("/proxies").await;
    let scrape = Scrape::of(service).await;
    ["live", "unknown", "stale"].map(|state| {
        scrape.value(&format!(
            "portcullis_control_feed_proxies{{state=\"{state}\"}}"
        ))
    })
}

async fn lag(service: &Service, state: &str) -> f64 {
    service.listed("/proxies").await;
    let scrape = Scrape::of(service).await;
    scrape.value(&format!(
        "portcullis_control_feed_lag_seconds{{state=\"{state}\"}}"
    ))
}

#[tokio::test]
async fn b10_proxies_are_counted_by_state() {
    let service = with_metrics().await;
    assert_eq!(states(&service).await, [0.0, 0.0, 0.0]);
    let mut one = Proxy::start(&service, "one", DENY).await;
    let mut two = Proxy::start(&service, "two", DENY).await;
    one.poll(0).await;
    two.poll(0).await;
    assert_eq!(states(&service).await, [2.0, 0.0, 0.0]);
    service.clock.advance(60);
    one.poll(0).await;
    assert_eq!(states(&service).await, [1.0, 1.0, 0.0]);
    service.clock.advance(400);
    one.poll(0).await;
    assert_eq!(states(&service).await, [1.0, 0.0, 1.0]);

    let position = service.running.service.storage.position().await.unwrap();
    let scrape = Scrape::of(&service).await;
    let version = scrape.value("portcullis_control_feed_version");
    assert_eq!(version, position.version as f64);
    assert_eq!(scrape.value("portcullis_control_feed_polls"), 0.0);
    let (scrape, ()) = tokio::join!(
        async {
            loop {
                let scrape = Scrape::of(&service).await;
                if scrape.value("portcullis_control_feed_polls") > 0.0 {
                    return scrape;
                }
            }
        },
        one.poll(2),
    );
    assert_eq!(scrape.value("portcullis_control_feed_polls"), 1.0);
}

#[tokio::test]
async fn b06_the_lag_is_that_of_the_proxy_that_is_furthest_behind() {
    let service = with_metrics().await;
    service.user(ANA).await;
    let mut one = Proxy::start(&service, "one", DENY).await;
    let mut two = Proxy::start(&service, "two", DENY).await;
    one.poll(0).await;
    two.poll(0).await;
    assert_eq!(lag(&service, "live").await, 0.0);
    revoke(&service).await;
    for _ in 0..2 {
        one.poll(0).await;
    }
    service.clock.advance(7);
    two.ask(&format!(
        "epoch={}&after={}&applied={}&wait=0",
        two.epoch, two.version, two.version
    ))
    .await;
    assert_eq!(lag(&service, "live").await, 7.0, "two has not applied it");
    // A new proxy counts from its own first poll.
    service.clock.advance(3);
    let mut new = Proxy::start(&service, "new", DENY).await;
    for _ in 0..2 {
        two.poll(0).await;
        one.poll(0).await;
    }
    assert_eq!(lag(&service, "live").await, 0.0, "it has only just begun");
    service.clock.advance(4);
    new.ask("limit=1").await;
    assert_eq!(lag(&service, "live").await, 4.0);
    new.poll(0).await;
    assert_eq!(lag(&service, "live").await, 0.0);

    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    service.clock.advance(60);
    assert_eq!(lag(&service, "unknown").await, 60.0);
    assert_eq!(lag(&service, "live").await, 0.0, "none is live");
}
