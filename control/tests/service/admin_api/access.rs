//! Who may call, and what is refused.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANA, call, token};
use crate::browser::Browser;
use crate::harness::{Service, problem};

/// Each call, with the scope that it needs.
const CALLS: [(&str, &str, &str); 37] = [
    ("GET", "sessions", "sessions:read"),
    ("GET", "sessions/x", "sessions:read"),
    ("DELETE", "sessions/x", "sessions:revoke"),
    ("GET", "users", "users:read"),
    ("POST", "users", "users:write"),
    ("GET", "users/x", "users:read"),
    ("PUT", "users/x/role", "roles:write"),
    ("POST", "users/revoke", "users:revoke"),
    ("POST", "users/x/revoke", "users:revoke"),
    ("POST", "users/x/disable", "users:write"),
    ("POST", "users/x/enable", "users:write"),
    ("POST", "users/x/password", "users:write"),
    ("DELETE", "users/x", "users:write"),
    ("GET", "applications", "applications:read"),
    ("POST", "applications/wiki/revoke", "applications:revoke"),
    ("GET", "applications/wiki", "applications:read"),
    ("PUT", "applications/wiki", "applications:write"),
    ("PATCH", "applications/wiki", "applications:write"),
    ("DELETE", "applications/wiki", "applications:write"),
    ("POST", "applications/wiki/policy/test", "applications:read"),
    ("GET", "access-groups", "applications:read"),
    ("GET", "access-groups/x", "applications:read"),
    ("PUT", "access-groups/x", "applications:write"),
    ("DELETE", "access-groups/x", "applications:write"),
    ("GET", "filter-credentials", "credentials:read"),
    ("POST", "filter-credentials", "credentials:write"),
    ("DELETE", "filter-credentials/x", "credentials:revoke"),
    ("GET", "admin-tokens", "credentials:read"),
    ("DELETE", "admin-tokens/x", "credentials:revoke"),
    ("GET", "service-tokens", "credentials:read"),
    ("POST", "service-tokens/x/rotate", "credentials:write"),
    ("GET", "keys", "keys:read"),
    ("POST", "keys/x/refuse", "keys:refuse"),
    ("GET", "proxies", "proxies:read"),
    ("GET", "revocations", "revocations:read"),
    ("GET", "revocations/9999", "revocations:read"),
    ("GET", "audit", "audit:read"),
];

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

async fn version(service: &Service) -> u64 {
    let storage = &service.running.service.storage;
    storage.position().await.unwrap().version
}

#[tokio::test]
async fn each_call_needs_its_own_scope() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    for (_, _, scope) in CALLS {
        let token = token(&service, &[scope]).await;
        for (name, path, needed) in CALLS {
            let before = version(&service).await;
            let answer = call(&service, &token, method(name), path).await;
            if scope == needed {
                assert!(
                    matches!(answer.status().as_u16(), 200 | 404 | 422 | 428),
                    "{path}"
                );
            } else {
                assert_eq!(problem(answer).await, (403, "scope_missing".into()));
                assert_eq!(version(&service).await, before, "nothing changed");
            }
        }
    }
}

#[tokio::test]
async fn nothing_but_a_good_token_is_let_in() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let password = service.user(ANA).await;
    let good = token(&service, &CALLS.map(|(_, _, scope)| scope)).await;
    let (id, secret) = good.split_once('.').unwrap();
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let session = browser.cookies["__Host-access_session"].clone();
    let filter = service.credential(&[]).await;
    let before = version(&service).await;
    let bearer = |text: &str| vec![("authorization", format!("Bearer {text}"))];
    let attacks = [
        vec![],
        bearer(""),
        bearer(id),
        bearer(secret),
        bearer(&format!("{id}.")),
        bearer(&format!("{id}.{secret}x")),
        bearer(&format!("{secret}.{secret}")),
        bearer(&session),
        bearer(&filter),
        vec![("authorization", format!("Basic {good}"))],
        vec![("authorization", good.clone())],
        [bearer(&good), bearer(&good)].concat(),
        vec![("cookie", format!("authorization=Bearer {good}"))],
        vec![("cookie", format!("__Host-access_session={session}"))],
        vec![("cookie", format!("__Host-access_session={good}"))],
    ];
    for (name, path, _) in CALLS.into_iter().chain([("GET", "nothing", "")]) {
        for attack in &attacks {
            let url = service.page(&format!("/api/admin/v1/{path}"));
            let request = service.http.request(method(name), url);
            let request = attack.iter().fold(request, |request, (name, value)| {
                request.header(*name, value)
            });
            let answer = request.send().await.unwrap();
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert_eq!(problem(answer).await, (401, "token_invalid".into()));
        }
    }
    assert_eq!(version(&service).await, before, "nothing changed");
}

#[tokio::test]
async fn a_token_ends_when_it_is_deleted_or_runs_out() {
    let service = Service::start().await;
    let wish = json!({ "scopes": ["users:read"], "expires": "1h" });
    let made = service.done("/admin-tokens", wish).await;
    let short = made["token"].as_str().unwrap();
    let long = token(&service, &["users:read"]).await;
    service.clock.advance(3600);
    let answer = call(&service, short, Method::GET, "users").await;
    assert_eq!(problem(answer).await, (401, "token_invalid".into()));
    let answer = call(&service, &long, Method::GET, "users").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let id = long.split_once('.').unwrap().0;
    service
        .done("/admin-tokens/revoke", json!({ "id": id }))
        .await;
    let answer = call(&service, &long, Method::GET, "users").await;
    assert_eq!(problem(answer).await, (401, "token_invalid".into()));
}

#[tokio::test]
async fn bad_input_is_refused_and_changes_nothing() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let token = token(&service, &CALLS.map(|(_, _, scope)| scope)).await;
    let before = version(&service).await;
    for path in [
        "sessions?limit=0",
        "sessions?limit=201",
        "sessions?limit=x",
        "sessions?cursor=x",
        "sessions?cursor=WzEsMl0",
        "users?cursor=e30",
        "users?whose=ana",
        "applications?cursor=-",
    ] {
        let answer = call(&service, &token, Method::GET, path).await;
        assert_eq!(
            problem(answer).await,
            (422, "request_invalid".into()),
            "{path}"
        );
    }
    let url = service.page("/api/admin/v1/applications/wiki/revoke");
    for body in ["{", "{\"fresh_login\":1}", "{\"fresh\":true}", "\"x\""] {
        let request = service.http.post(&url).bearer_auth(&token);
        let answer = request.body(body.to_owned()).send().await.unwrap();
        assert_eq!(problem(answer).await, (422, "request_invalid".into()));
    }
    let large = format!("{{\"fresh_login\":false{}}}", " ".repeat(20_000));
    let request = service.http.post(&url).bearer_auth(&token).body(large);
    let answer = request.send().await.unwrap();
    assert_eq!(problem(answer).await, (413, "too_large".into()));
    for (name, path, expected) in [
        ("GET", "nothing", (404, "no_such_call")),
        ("PUT", "sessions", (405, "no_such_method")),
        ("POST", "sessions/x", (405, "no_such_method")),
    ] {
        let answer = call(&service, &token, method(name), path).await;
        let (status, reason) = problem(answer).await;
        assert_eq!((status, reason.as_str()), expected);
    }
    assert_eq!(version(&service).await, before, "nothing changed");
}

#[tokio::test]
async fn no_token_makes_an_admin_token() {
    let service = Service::start().await;
    let token = token(&service, &CALLS.map(|(_, _, scope)| scope)).await;
    let answer = call(&service, &token, Method::POST, "admin-tokens").await;
    assert_eq!(problem(answer).await, (405, "no_such_method".into()));
    let (status, page) = service.over_socket(Method::GET, "users").await;
    assert_eq!((status, &page["next"]), (StatusCode::OK, &Value::Null));
}
