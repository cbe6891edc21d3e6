//! Service tokens: what administrators do with them, what they get, and what wrong pairs leave.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::scene::{Scene, is, party, text};
use crate::harness::WIKI;

const ALL: &str = "/api/admin/v1/service-tokens";

impl Scene {
    async fn change(&self, call: &str, body: Value) -> Value {
        let path = format!("{ALL}/ci/{call}");
        self.service.done(&path, body).await
    }

    /// The status of what a filter gets for a pair at the wiki.
    async fn asked(&self, client_id: &Value, client_secret: &str) -> StatusCode {
        let body = json!({
            "client_id": client_id, "client_secret": client_secret,
            "origin": WIKI, "audience": self.audience,
        });
        let answer = self.service.post(&self.credential, "service", body).await;
        answer.status()
    }
}

#[tokio::test]
async fn s19_the_life_of_a_service_token_is_told() {
    let mut scene = Scene::new().await;
    let made = scene.service.done(ALL, json!({ "name": "ci" })).await;
    let [added] = scene.only(["admin.service_token_added"]).await;
    assert_eq!(added["details"]["expires_at"], made["expires_at"]);
    let rotated = scene.change("rotate", json!({ "grace": "7d" })).await;
    let [replaced] = scene.only(["admin.service_token_rotated"]).await;
    let details = &replaced["details"];
    assert_eq!(details["expires_at"], rotated["expires_at"]);
    assert_eq!(details["old_secret_until"], rotated["old_secret_until"]);
    // A secret that was still good is not any more.
    let again = scene.change("rotate", json!({})).await;
    let names = ["admin.service_token_rotated", "revocation.made"];
    let [second, displaced] = scene.only(names).await;
    let mut ends = vec![(displaced, "service_token_rotated", again["version"].clone())];

    let off = scene.change("disable", json!({})).await;
    let names = ["admin.service_token_disabled", "revocation.made"];
    let [disabled, revoked] = scene.only(names).await;
    ends.push((revoked, "service_token_disabled", off["version"].clone()));
    let now = scene.service.clock_now();
    scene.change("rotate", json!({})).await;
    let names = ["admin.service_token_rotated", "revocation.made"];
    let [third, _] = scene.only(names).await;
    assert_eq!(third["details"]["old_secret_until"], now, "no grace");
    scene.change("enable", json!({})).await;
    let [enabled] = scene.only(["admin.service_token_enabled"]).await;
    let path = "service-tokens/ci";
    let (_, gone) = scene.service.over_socket(Method::DELETE, path).await;
    let names = ["admin.service_token_removed", "revocation.made"];
    let [removed, revoked] = scene.only(names).await;
    ends.push((revoked, "service_token_removed", gone["version"].clone()));

    for (event, reason, version) in &ends {
        assert_eq!(text(event, "reason"), *reason);
        assert_eq!(event["details"]["scope"], "user");
        assert_eq!(event["details"]["version"], *version, "{reason}");
    }
    let ends = ends.iter().map(|(event, ..)| event);
    let others = [&added, &replaced, &second, &disabled, &enabled, &removed];
    for event in others.into_iter().chain(ends) {
        assert_eq!(event["actor"]["kind"], "cli", "{event}");
        assert_eq!(party(event, "subject"), is("service_token", "ci"));
        assert_eq!(event["subject"]["id"], made["id"]);
    }
}

#[tokio::test]
async fn s19_a_token_of_a_service_is_told() {
    let mut scene = Scene::new().await;
    let made = scene.service.done(ALL, json!({ "name": "ci" })).await;
    let rule = json!({ "id": "ci", "action": "service", "include": [{ "service_token": "ci" }] });
    let policy = json!({ "name": "wiki", "changes": { "policy": [rule] } });
    scene.service.done("/applications/set", policy).await;
    scene.news().await;
    let secret = text(&made, "client_secret");
    assert_eq!(scene.asked(&made["client_id"], secret).await, 200);
    let [issued] = scene.only(["token.issued"]).await;
    assert_eq!(party(&issued, "actor"), is("service_token", "ci"));
    assert_eq!(party(&issued, "subject"), is("application", "wiki"));
    assert_eq!(text(&issued, "application"), "wiki");
    assert_eq!(text(&issued, "rule"), "ci");
    let details = &issued["details"];
    assert_eq!(details["for"], "service");
    let now = scene.service.clock_now();
    assert_eq!(details["expires_at"], now + 15 * 60);
    assert!(details["token"].is_string() && details["credential"].is_string());
}

/// Anyone can invent pairs, so the log does not grow by them; metrics count them.
#[tokio::test]
async fn s19_refused_pairs_leave_no_line() {
    let mut scene = Scene::new().await;
    let ci = scene.service.done(ALL, json!({ "name": "ci" })).await;
    let other = scene.service.done(ALL, json!({ "name": "other" })).await;
    scene.news().await;
    let [id, unknown] = [&ci["client_id"], &json!("AAAAAAAAAAAAAAAAAAAAAA.service")];
    let [secret, wrong] = [&ci, &other].map(|made| text(made, "client_secret"));
    for _ in 0..50 {
        for (id, secret) in [(id, wrong), (id, "pcs_"), (unknown, secret), (id, secret)] {
            assert_eq!(scene.asked(id, secret).await, 403);
        }
    }
    scene.service.running.service.store_counts().await.unwrap();
    scene.only([]).await;
}
