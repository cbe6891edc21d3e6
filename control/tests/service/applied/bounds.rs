//! What whoever has a filter credential can say, and how much of it.

use serde_json::json;

use super::proxy::{ANA, DENY, Proxy, revoke, wait_for};
use crate::harness::{Service, problem};

#[tokio::test]
async fn what_a_poll_says_of_its_proxy_is_bounded() {
    let service = Service::start().await;
    let long = "x".repeat(65);
    for (instance, stale) in [
        ("", DENY),
        (long.as_str(), DENY),
        ("a%20b", DENY),
        ("a%00b", DENY),
        ("one", "stale_after=0&then=deny"),
        ("one", "stale_after=604801&then=deny"),
        ("one", "stale_after=300"),
        ("one", "stale_after=300&then=perhaps"),
        ("one", "stale_after=-1&then=deny"),
        ("one", "node=edge%2F1"),
        ("one", "process=p1"),
        ("one", "node=&process=p1"),
        ("one", "node=a%20b&process=p1"),
        ("one", "node=a&process=b%00"),
        ("one", &format!("node={}&process=p1", "x".repeat(257))),
    ] {
        let proxy = Proxy {
            service: &service,
            credential: service.credential(&[]).await,
            instance,
            stale,
            epoch: String::new(),
            version: 0,
            proof: String::new(),
        };
        let answer = proxy.ask("limit=1").await;
        assert_eq!(
            problem(answer).await,
            (400, "request_invalid".into()),
            "{instance} {stale}"
        );
    }
    assert!(service.listed("/proxies").await.is_empty());
}

#[tokio::test]
async fn a_poll_may_say_what_this_service_does_not_know() {
    let service = Service::start().await;
    let newer = format!("{DENY}&node=edge%2F1&process=p1&of_a_newer_filter=1");
    let mut proxy = Proxy::start(&service, "one", &newer).await;
    proxy.poll(0).await;
    assert_eq!(service.listed("/proxies").await[0]["node"], "edge/1");
}

#[tokio::test]
async fn a_credential_cannot_bring_endless_proxies() {
    use portcullis::time::UnixMillis;
    use portcullis_control::storage::{Database, MOST_PROXIES, Proxy as Row, ProxyUpdate};
    let service = Service::start().await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    let credential = proxy.credential.split('.').next().unwrap().to_owned();
    let database = Database::open(&service.database_url, "unused")
        .await
        .unwrap();
    let news: Vec<ProxyUpdate> = (0..MOST_PROXIES + 5)
        .map(|number| ProxyUpdate {
            proxy: Row {
                credential: credential.clone(),
                instance: format!("made-up-{number}"),
                address: "192.0.2.1".into(),
                applied: 1,
                first_seen: UnixMillis::EPOCH,
                last_seen: UnixMillis::new(1),
                live_until: UnixMillis::new(1),
                denies_after: None,
                process: None,
                hung_up: false,
                shares_node: false,
            },
            reports_applied: true,
            steps: Vec::new(),
        })
        .collect();
    let crowded = database.record_proxies(&news, &[]).await.unwrap();
    assert_eq!(crowded, std::slice::from_ref(&credential));
    assert!(database.proxies().await.unwrap().len() <= MOST_PROXIES);

    // It is served all the same, and administrators are told that somebody is not watched.
    proxy.instance = "another";
    proxy.poll(0).await;
    service.user(ANA).await;
    let version = revoke(&service).await;
    let view = wait_for(&service, version, 0).await;
    assert_eq!(view["unwatched"], json!([credential]));
    assert_eq!(view["complete"], false);
}
