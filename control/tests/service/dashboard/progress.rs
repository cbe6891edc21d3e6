//! How far a version has come, live.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use super::{administrator, page, signed_in};
use crate::applied::proxy::{ANA, DENY, Proxy, revoke};
use crate::browser::Browser;
use crate::harness::Service;

/// Longer than anything takes that works.
const LIMIT: Duration = Duration::from_secs(20);

fn path(version: u64) -> String {
    format!("/dashboard/revocations/{version}/events")
}

/// A stream of events, as a browser reads it.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(service: &Service, browser: &mut Browser, version: u64) -> Self {
        let response = browser.get(service, &path(version)).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                assert!(event.contains("event: progress"), "{event}");
                assert!(event.contains("retry: 1000"), "{event}");
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                return Some(serde_json::from_str(data.unwrap()).unwrap());
            }
            let chunk = tokio::time::timeout(LIMIT, self.response.chunk());
            let chunk = chunk.await.expect("an event or the end").unwrap()?;
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The first event that fits.
    async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.next().await.expect("an event");
            if fits(&event) {
                return event;
            }
        }
    }
}

#[tokio::test]
async fn b06_every_event_is_the_whole_state_until_all_have_it() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut browser = administrator(&service).await;
    let mut quick = Proxy::start(&service, "edge-1", DENY).await;
    let mut slow = Proxy::start(&service, "edge-<7>", DENY).await;
    let version = revoke(&service).await;
    let mut events = Events::open(&service, &mut browser, version).await;
    let first = events.next().await.unwrap();
    assert_eq!(first["version"], version);
    assert_eq!(
        (&first["applied"], &first["proxies"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(first["complete"], false);
    assert_eq!(first["missing"].as_array().unwrap().len(), 2);

    quick.poll(0).await;
    quick.poll(0).await;
    let one = events.until(|event| event["applied"] == 1).await;
    assert_eq!(one["text"], "Applied by 1 of 2 proxies.");
    let missing = &one["missing"];
    assert_eq!(missing[0]["name"], "edge-<7>", "{missing}");
    // Two credentials can have a proxy of one name.
    assert!(missing[0]["credential"].is_string(), "{missing}");
    assert_eq!(missing[1], Value::Null);
    // A proxy that joins is one more to wait for, or has it from the start.
    let mut joined = quick.again("edge-9", DENY).await;
    joined.poll(0).await;
    let three = events.until(|event| event["proxies"] == 3).await;
    assert_eq!(three["complete"], false, "{three}");

    slow.poll(0).await;
    slow.poll(0).await;
    joined.poll(0).await;
    let last = events.until(|event| event["complete"] == true).await;
    assert_eq!(last["applied"], 3, "{last}");
    assert!(
        last["text"]
            .as_str()
            .unwrap()
            .starts_with("Applied by all: 3 of 3 proxies, "),
        "{last}"
    );
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn streams_are_few_and_give_their_places_back() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut browser = administrator(&service).await;
    let _proxy = Proxy::start(&service, "edge-1", DENY).await;
    let version = revoke(&service).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(Events::open(&service, &mut browser, version).await);
    }
    let fifth = browser.get(&service, &path(version)).await;
    assert_eq!(fifth.status(), 503);
    // The page itself always has its link.
    let shown = page(
        &service,
        &mut browser,
        &format!("/dashboard/revocations/{version}"),
    )
    .await;
    assert!(shown.contains(">Look again</a>"), "{shown}");
    // Others have places of their own, up to 64 in all.
    for number in 0..15 {
        let email = format!("viewer-{number}@example.com");
        let mut viewer = signed_in(&service, &email, "viewer").await;
        for _ in 0..4 {
            open.push(Events::open(&service, &mut viewer, version).await);
        }
    }
    let mut another = signed_in(&service, "bo@example.com", "viewer").await;
    let refused = another.get(&service, &path(version)).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "10");
    open.clear();
    let given_back = async {
        while another.get(&service, &path(version)).await.status() == 503 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, given_back).await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_the_role_and_with_the_service() {
    let service = Service::start().await;
    service.user(ANA).await;
    administrator(&service).await;
    let mut viewer = signed_in(&service, "bo@example.com", "viewer").await;
    let _proxy = Proxy::start(&service, "edge-1", DENY).await;
    let version = revoke(&service).await;
    let mut events = Events::open(&service, &mut viewer, version).await;
    assert!(events.next().await.is_some());
    let who = json!({ "email": "bo@example.com", "role": "none" });
    service.done("/users/role", who).await;
    let again = viewer.get(&service, &path(version)).await;
    assert_eq!(again.status(), 403);
    let who = json!({ "email": "bo@example.com", "role": "viewer" });
    service.done("/users/role", who).await;
    for unknown in ["0", "x", &format!("{}", version + 1_000)] {
        let gone = viewer
            .get(
                &service,
                &format!("/dashboard/revocations/{unknown}/events"),
            )
            .await;
        assert_eq!(gone.status(), 404, "{unknown}");
    }
    let stopping = std::time::Instant::now();
    let stopped = tokio::spawn(service.restart(""));
    while events.next().await.is_some() {}
    stopped.await.unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn only_a_page_that_follows_events_may_connect() {
    let service = Service::start().await;
    service.user(ANA).await;
    let mut browser = administrator(&service).await;
    let mut proxy = Proxy::start(&service, "edge-1", DENY).await;
    let version = revoke(&service).await;
    let path = format!("/dashboard/revocations/{version}");
    let waits = browser.get(&service, &path).await;
    let policy = waits.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("connect-src 'self'") && policy.contains("trusted-types 'none'"),
        "{policy}"
    );
    let text = waits.text().await.unwrap();
    assert!(
        text.contains("/progress.js\"")
            && text.contains(&format!("data-progress=\"{path}/events\"")),
        "{text}"
    );
    proxy.poll(0).await;
    proxy.poll(0).await;
    let done = browser.get(&service, &path).await;
    let policy = done.headers()["content-security-policy"].to_str().unwrap();
    assert!(!policy.contains("connect-src"), "{policy}");
    assert!(!done.text().await.unwrap().contains("progress.js"));
}
