//! Whether a proxy that no longer polls could still let people in.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use super::proxy::{ALLOW, ANA, DENY, Proxy, of, revoke, states, wait_for};
use crate::harness::Service;

#[tokio::test]
async fn b06_who_vanished_is_waited_for_until_it_must_refuse_everybody() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut denies = Proxy::start(&service, "denies", DENY).await;
    let mut allows = Proxy::start(&service, "allows", ALLOW).await;
    denies.poll(0).await;
    allows.poll(0).await;
    let before = denies.version;
    let now = states(&service).await;
    assert!(now.contains(&of("allows", before, "live")), "{now:?}");
    assert!(now.contains(&of("denies", before, "live")), "{now:?}");
    let version = revoke(&service).await;
    for (seconds, denies) in [(20, "unknown"), (300, "unknown"), (20, "stale")] {
        service.clock.advance(seconds);
        let now = states(&service).await;
        assert!(now.contains(&of("denies", before, denies)), "{now:?}");
        assert!(now.contains(&of("allows", before, "unknown")), "{now:?}");
        let view = wait_for(&service, version, 0).await;
        assert_eq!(view["complete"], false);
    }
    let view = wait_for(&service, version, 0).await;
    assert_eq!((&view["proxies"], &view["applied"]), (&json!(1), &json!(0)));
    assert_eq!(view["items"][0]["instance"], "allows");

    // Only a person can say that it is gone for good.
    service
        .done("/proxies/forget", json!({ "instance": "allows" }))
        .await;
    assert_eq!(wait_for(&service, version, 0).await["complete"], true);
    let (status, _) = service
        .administer("/proxies/forget", json!({ "instance": "allows" }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_polls_again_is_live_again_with_what_it_has() {
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    service.clock.advance(3_000);
    assert_eq!(states(&service).await, [of("one", proxy.version, "stale")]);
    proxy.poll(0).await;
    assert_eq!(states(&service).await, [of("one", proxy.version, "live")]);
}

#[tokio::test]
async fn a_poll_that_is_cut_off_ends_a_proxys_life_soon() {
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    let begun = service.clock.seconds();
    let poll = tokio::time::timeout(Duration::from_millis(300), proxy.poll(60)).await;
    assert!(poll.is_err(), "it was to wait");
    // The service notices that nobody reads when the connection ends.
    let mut now = states(&service).await;
    for _ in 0..100 {
        if now[0].2 == "unknown" {
            break;
        }
        service.clock.advance(1);
        tokio::time::sleep(Duration::from_millis(20)).await;
        now = states(&service).await;
    }
    let elapsed = service.clock.seconds() - begun;
    assert!(elapsed < 60, "{now:?} after {elapsed} s");
}

#[tokio::test]
async fn a_poll_that_takes_over_from_another_keeps_a_proxy_live() {
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    let (epoch, version) = (proxy.epoch.clone(), proxy.version);
    let query = format!("epoch={epoch}&after={version}&applied={version}&wait=60");
    service.clock.advance(15);
    let took_over = async {
        // From the moment when the first one waits.
        while states(&service).await != [of("one", version, "live")] {
            tokio::task::yield_now().await;
        }
        // Another poll of the same proxy begins and ends.
        let other = format!("epoch={epoch}&after={version}&applied={version}");
        proxy.ask(&other).await;
        service.clock.advance(30);
        assert_eq!(states(&service).await, [of("one", version, "live")]);
    };
    tokio::select! {
        answer = proxy.ask(&query) => panic!("it was to wait: {answer:?}"),
        () = took_over => {}
    }
}
