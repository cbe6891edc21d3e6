//! By the admin API and on the command line.

use std::collections::HashSet;

use portcullis::protocol::service_token::ClientPair;

use super::*;
use crate::admin_api::{call, token};
use crate::cli::{run, stderr};

fn parsed(pair: &Pair) -> ClientPair<'_> {
    let (id, secret) = (pair.client_id.as_bytes(), pair.client_secret.as_bytes());
    ClientPair::parse(id, secret).unwrap()
}

#[tokio::test]
async fn s19_a_service_token_is_shown_once_and_lasts_a_year() {
    let scene = Scene::new().await;
    let now = scene.service.clock_now();
    let made = scene.service.done(ALL, json!({ "name": "ci" })).await;
    let pair = Pair::of(&made);
    parsed(&pair);
    assert_eq!(made["expires_at"], now + 365 * DAY);
    let listed = &scene.service.listed(ALL).await[0];
    let expected = json!({
        "id": pair.client_id.trim_end_matches(".service"),
        "client_id": pair.client_id,
        "name": "ci",
        "state": "active",
        "created_at": now,
        "expires_at": now + 365 * DAY,
        "rotated_at": null,
        "old_secret_until": null,
        "last_seen_at": null,
    });
    assert_eq!(*listed, expected);
    // What the database holds does not open anything.
    let stored = scene.service.running.service.storage.service_tokens().await;
    let stored = format!(
        "{:?} {}",
        stored.as_ref().unwrap(),
        stored.as_ref().unwrap()[0].secret_hash.as_str()
    );
    assert!(!stored.contains(&pair.client_secret[4..47]));
}

#[tokio::test]
async fn s19_bad_input_makes_no_service_token_and_says_why() {
    let scene = Scene::new().await;
    scene.made("ci").await;
    for (body, expected) in [
        (json!({}), "name: is missing"),
        (json!({ "name": "" }), "name: is missing"),
        (json!({ "name": " ci2" }), "name = ` ci2`"),
        (json!({ "name": "a".repeat(65) }), "at most 64 bytes"),
        (
            json!({ "name": "x", "expires": "soon" }),
            "expires = `soon`: is not a duration",
        ),
        (
            json!({ "name": "x", "expires": "1m" }),
            "between 1h and 3660d",
        ),
        (
            json!({ "name": "x", "expires": "4000d" }),
            "between 1h and 3660d",
        ),
        (
            json!({ "name": "x", "secret": "mine" }),
            "unknown field `secret`",
        ),
        (json!({ "name": "x", "expires": 7 }), "expected a string"),
    ] {
        let (status, answer) = scene.service.administer(ALL, body.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{body}: {detail}");
    }
    let (status, answer) = scene.service.administer(ALL, json!({ "name": "ci" })).await;
    assert_eq!(
        (status, &answer["reason"]),
        (StatusCode::CONFLICT, &json!("name_taken"))
    );
    let both = json!({ "grace": "59m", "expires": "x" });
    let (status, answer) = scene
        .service
        .administer(&format!("{ALL}/ci/rotate"), both)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = answer["detail"].as_str().unwrap();
    assert!(
        detail.contains("grace = `59m`: must be between 1h and 30d")
            && detail.contains("expires = `x`"),
        "all at once: {detail}"
    );
    for call in ["rotate", "disable", "enable"] {
        let path = format!("{ALL}/nobody/{call}");
        let (status, answer) = scene.service.administer(&path, json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(answer["detail"].as_str().unwrap().contains("`nobody`"));
    }
    let (status, _) = scene
        .service
        .over_socket(Method::DELETE, "service-tokens/nobody")
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        scene.service.listed(ALL).await.len(),
        1,
        "nothing was changed"
    );
    assert_eq!(
        scene.service.listed(ALL).await[0]["rotated_at"],
        Value::Null
    );
}

#[tokio::test]
async fn s19_admin_tokens_need_their_scopes_for_service_tokens() {
    let scene = Scene::new().await;
    let service = &scene.service;
    scene.made("ci").await;
    let reads = token(service, &["credentials:read"]).await;
    let writes = token(service, &["credentials:write"]).await;
    let revokes = token(service, &["credentials:revoke"]).await;
    let (post, delete) = (Method::POST, Method::DELETE);
    for (method, path, allowed) in [
        (Method::GET, "service-tokens", &reads),
        (post.clone(), "service-tokens/ci/rotate", &writes),
        (post.clone(), "service-tokens/ci/disable", &revokes),
        (post.clone(), "service-tokens/ci/enable", &writes),
        (delete, "service-tokens/ci", &revokes),
    ] {
        for token in [&reads, &writes, &revokes] {
            if token != allowed {
                let refused = call(service, token, method.clone(), path).await;
                assert_eq!(
                    problem(refused).await,
                    (403, "scope_missing".into()),
                    "{path}"
                );
            }
        }
        let answer = call(service, allowed, method, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    for token in [&reads, &revokes] {
        let refused = call(service, token, post.clone(), "service-tokens").await;
        assert_eq!(problem(refused).await, (403, "scope_missing".into()));
    }
    let url = service.page("/api/admin/v1/service-tokens");
    let request = service.http.post(url).bearer_auth(&writes);
    let made = request
        .json(&json!({ "name": "backup" }))
        .send()
        .await
        .unwrap();
    assert_eq!(made.status(), StatusCode::OK);
    assert_eq!(made.headers()["cache-control"], "no-store");
    let pages = call(service, &reads, Method::GET, "service-tokens?limit=1").await;
    let page: Value = pages.json().await.unwrap();
    assert_eq!(
        (&page["items"][0]["name"], &page["next"]),
        (&json!("backup"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_the_command_line_makes_and_ends_service_tokens() {
    let scene = Scene::new().await;
    let data = scene.service.data_dir();
    let done = |arguments: &[&str]| {
        let output = run(&data, arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |arguments: &[&str]| -> Value {
        let arguments = [&["--json", "service-token"], arguments].concat();
        serde_json::from_str(&done(&arguments)).unwrap()
    };
    // What is printed can be sent as it is.
    let text = done(&["service-token", "new", "nightly backup"]);
    let line = |text: &str, name: &str| {
        let lines = text.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        values.next().unwrap().to_owned()
    };
    let pair = Pair {
        client_id: line(&text, "x-access-client-id"),
        client_secret: line(&text, "x-access-client-secret"),
    };
    assert_eq!(scene.ask(&pair).await, not_admitted());
    let made = json(&["new", "ci", "--expires", "90d"]);
    let pair = Pair::of(&made);
    assert_eq!(made["expires_at"], scene.service.clock_now() + 90 * DAY);

    let table = done(&["service-token", "list"]);
    for part in ["nightly backup", "ci", &pair.client_id, "active", "never"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    assert!(!table.contains("pcs_") && !table.contains(&pair.client_secret));
    let rotated = json(&["rotate", "ci", "--grace", "1h"]);
    let new = Pair::of(&rotated);
    assert_eq!(new.client_id, pair.client_id);
    assert_eq!(
        rotated["old_secret_until"],
        scene.service.clock_now() + 3_600
    );
    let text = done(&["service-token", "rotate", &pair.client_id, "--grace", "30d"]);
    assert!(text.contains("The secret before is good until"), "{text}");
    // By each of its names.
    let id = pair.client_id.trim_end_matches(".service");
    assert_eq!(json(&["disable", id])["name"], "ci");
    assert!(done(&["service-token", "list"]).contains("disabled"));
    assert_eq!(json(&["enable", "ci"])["id"], id);
    assert_eq!(json(&["disable", &pair.client_id])["id"], id);
    let rotated = done(&["service-token", "rotate", "ci"]);
    let ended = "The secret before is no longer good.";
    assert!(rotated.contains(ended), "{rotated}");
    let deleted = done(&["service-token", "delete", "nightly backup"]);
    assert!(deleted.contains("Deleted the service token nightly backup"));
    let unknown = run(&data, &["service-token", "delete", "nightly backup"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        stderr(&unknown).contains("`nightly backup`"),
        "{}",
        stderr(&unknown)
    );
    let bad = run(&data, &["service-token", "rotate", "ci", "--grace", "31d"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(stderr(&bad).contains("grace = `31d`"), "{}", stderr(&bad));
}

/// A page has at most 200.
#[tokio::test(flavor = "multi_thread")]
async fn s19_the_command_line_lists_all_pages() {
    let scene = Scene::new().await;
    for number in 0..201 {
        scene.made(&format!("program {number}")).await;
    }
    let output = run(
        &scene.service.data_dir(),
        &["--json", "service-token", "list"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let items = listed["items"].as_array().unwrap().iter();
    let ids: HashSet<_> = items.map(|token| token["id"].as_str()).collect();
    assert_eq!(ids.len(), 201);
}
