//! Filter credentials and admin tokens are told apart and revoked.

use std::time::{Duration, Instant};

use portcullis::protocol::feed::FeedPage;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::admin_api::{call, token};
use crate::browser::exchange;
use crate::harness::{Service, problem};

/// Far longer than a revocation takes.
const WAIT_SECONDS: u64 = 30;
const AT_ONCE: Duration = Duration::from_secs(5);

fn id_of(credential: &str) -> &str {
    credential.split_once('.').unwrap().0
}

async fn snapshot(service: &Service, credential: &str) -> FeedPage {
    let feed = service.http.get(service.call("feed"));
    let answer = feed.bearer_auth(credential).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

/// A poll that waits for a version after the page's.
async fn poll(service: &Service, credential: &str, page: &FeedPage) -> Response {
    let url = format!(
        "feed?epoch={}&after={}&wait={WAIT_SECONDS}&instance=envoy-{}",
        page.epoch,
        page.version,
        id_of(credential)
    );
    let poll = service.http.get(service.call(&url)).bearer_auth(credential);
    poll.send().await.unwrap()
}

async fn revoke(service: &Service, credential: &str) -> Value {
    let request = json!({ "id": id_of(credential) });
    service.done("/filter-credentials/revoke", request).await
}

/// Waits until so many proxies are polling.
async fn until_polling(service: &Service, count: usize) {
    let begun = Instant::now();
    loop {
        let listed = service.listed("/filter-credentials").await;
        let live: u64 = listed
            .iter()
            .map(|one| one["live_proxies"].as_u64().unwrap())
            .sum();
        if live == count as u64 {
            return;
        }
        assert!(begun.elapsed() < AT_ONCE, "{live} of {count} poll");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_revoked_credential_ends_its_long_polls_on_every_replica() {
    let service = Service::start().await;
    let replica = service.replica().await;
    let (leaked, other) = (service.credential(&[]).await, service.credential(&[]).await);
    let page = snapshot(&service, &other).await;
    let polls = async {
        tokio::join!(
            poll(&service, &leaked, &page),
            poll(&replica, &leaked, &page),
            poll(&replica, &other, &page),
        )
    };
    let revoked = async {
        // Both replicas report to the database.
        until_polling(&service, 2).await;
        until_polling(&replica, 2).await;
        (Instant::now(), revoke(&service, &leaked).await)
    };
    let ((here, there, others), (since, revoked)) = tokio::join!(polls, revoked);

    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    for refused in [here, there] {
        assert_eq!(problem(refused).await, (401, "credential_invalid".into()));
    }
    assert_eq!(
        (&revoked["live_proxies"], &revoked["credentials_left"]),
        (&json!(1), &json!(1))
    );
    // Others get a version without changes, and go on.
    assert_eq!(others.status(), StatusCode::OK);
    let after: FeedPage = others.json().await.unwrap();
    assert_eq!(Some(after.version), revoked["version"].as_u64());
    assert!(after.revocations.put.is_empty() && after.applications.put.is_empty());
    service.user("ana@example.com").await;
    let (next, _) = tokio::join!(
        poll(&replica, &other, &after),
        service.done("/revocations/user", json!({ "email": "ana@example.com" }))
    );
    let next: FeedPage = next.json().await.unwrap();
    assert_eq!(next.revocations.put.len(), 1);
}

#[tokio::test]
async fn every_later_call_is_refused() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let credential = service.credential(&["wiki"]).await;
    snapshot(&service, &credential).await;
    let revoked = revoke(&service, &credential).await;
    assert_eq!(revoked["credentials_left"], 0);
    let feed = service.http.get(service.call("feed"));
    let refused = feed.bearer_auth(&credential).send().await.unwrap();
    assert_eq!(problem(refused).await, (401, "credential_invalid".into()));
    for name in ["exchange", "refresh", "logout"] {
        let refused = service.post(&credential, name, exchange("x")).await;
        assert_eq!(problem(refused).await, (401, "credential_invalid".into()));
    }
    let again = json!({ "id": id_of(&credential) });
    let (status, _) = service
        .administer("/filter-credentials/revoke", again)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn credentials_are_told_apart() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let made = service
        .done(
            "/filter-credentials",
            json!({ "name": "edge-eu", "applications": ["wiki"] }),
        )
        .await;
    let all = service.credential(&[]).await;
    let begun = service.clock.seconds();
    let find = async |id: &str| {
        let listed = service.listed("/filter-credentials").await;
        listed.into_iter().find(|one| one["id"] == id).unwrap()
    };
    let named = find(made["id"].as_str().unwrap()).await;
    assert_eq!(
        named,
        json!({
            "id": made["id"],
            "name": "edge-eu",
            "applications": ["wiki"],
            "created_at": begun,
            "last_used_at": null,
            "live_proxies": 0,
        })
    );
    let secret = made["credential"].as_str().unwrap();
    assert!(
        !named
            .to_string()
            .contains(secret.split_once('.').unwrap().1)
    );
    // A use is noted once a minute, by every kind of call.
    for (seconds, noted) in [(10, 10), (30, 10), (30, 70)] {
        service.clock.advance(seconds);
        service.post(&all, "exchange", exchange("x")).await;
        let used = find(id_of(&all)).await["last_used_at"].clone();
        assert_eq!(used, begun + noted);
    }
    assert_eq!(find(id_of(&all)).await["applications"], Value::Null);
    // A wrong secret is no use.
    let wrong = format!("{}.x", made["id"].as_str().unwrap());
    service.post(&wrong, "exchange", exchange("x")).await;
    let named = find(made["id"].as_str().unwrap()).await;
    assert_eq!(named["last_used_at"], Value::Null);
    for name in [" edge", "a\nb", &"x".repeat(65)] {
        for (path, body) in [
            ("/filter-credentials", json!({ "name": name })),
            (
                "/admin-tokens",
                json!({ "name": name, "scopes": ["users:read"] }),
            ),
        ] {
            let (status, answer) = service.administer(path, body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
            assert_eq!(answer["problems"][0]["path"], "name");
        }
    }
}

#[tokio::test]
async fn admin_tokens_have_names_and_their_use_is_noted() {
    let service = Service::start().await;
    let request = json!({ "name": "nightly report", "scopes": ["users:read"] });
    let made = service.done("/admin-tokens", request).await;
    let before = service.listed("/admin-tokens").await[0].clone();
    assert_eq!(
        (&before["name"], &before["last_used_at"]),
        (&json!("nightly report"), &Value::Null)
    );
    service.clock.advance(90);
    let token = made["token"].as_str().unwrap();
    call(&service, token, Method::GET, "users").await;
    let after = service.listed("/admin-tokens").await[0].clone();
    assert_eq!(after["last_used_at"], service.clock.seconds());
}

#[tokio::test]
async fn the_admin_api_lists_and_revokes_both_kinds() {
    let service = Service::start().await;
    let credentials = [service.credential(&[]).await, service.credential(&[]).await];
    let token = token(&service, &["credentials:read", "credentials:revoke"]).await;
    let made = service
        .done("/admin-tokens", json!({ "scopes": ["users:read"] }))
        .await;
    for (kind, count) in [("filter-credentials", 2), ("admin-tokens", 2)] {
        let mut ids = Vec::new();
        let mut path = format!("{kind}?limit=1");
        for _ in 0..count {
            let page = call(&service, &token, Method::GET, &path).await;
            let page: Value = page.json().await.unwrap();
            ids.push(page["items"][0]["id"].as_str().unwrap().to_owned());
            let next = page["next"].as_str().unwrap_or_default();
            path = format!("{kind}?limit=1&cursor={next}");
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{kind}");
    }
    let id = id_of(&credentials[0]);
    let path = format!("filter-credentials/{id}");
    let revoked = call(&service, &token, Method::DELETE, &path).await;
    let revoked: Value = revoked.json().await.unwrap();
    assert_eq!(revoked["credentials_left"], 1);
    let path = format!("admin-tokens/{}", made["id"].as_str().unwrap());
    let revoked = call(&service, &token, Method::DELETE, &path).await;
    assert_eq!(revoked.status(), StatusCode::OK);
    let of_revoked = made["token"].as_str().unwrap();
    let refused = call(&service, of_revoked, Method::GET, "users").await;
    assert_eq!(problem(refused).await, (401, "token_invalid".into()));
    for path in ["filter-credentials/x", "admin-tokens/x"] {
        let unknown = call(&service, &token, Method::DELETE, path).await;
        assert_eq!(problem(unknown).await, (404, "not_found".into()));
    }
}

#[tokio::test]
async fn a_poll_that_began_before_the_revocation_gets_no_page_after_it() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let credential = service.credential(&[]).await;
    let inner = &service.running.service;
    // The poll is authenticated, then waits for its turn to read.
    let permits = u32::try_from(inner.snapshot_reads.available_permits()).unwrap();
    let busy = inner.snapshot_reads.acquire_many(permits).await.unwrap();
    let query = [("instance", "one")];
    let request = service.http.get(service.call("feed")).query(&query);
    let polled = request.bearer_auth(&credential).send();
    let revoked = async {
        until_polling(&service, 1).await;
        revoke(&service, &credential).await;
        drop(busy);
    };
    let (polled, ()) = tokio::join!(polled, revoked);
    let refused = problem(polled.unwrap()).await;
    assert_eq!(refused, (401, "credential_invalid".into()));
}
