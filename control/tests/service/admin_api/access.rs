//! Who may call, and what is refused.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::description::{Described, calls, document, scopes};
use super::{ANA, call, token};
use crate::browser::Browser;
use crate::harness::{Service, problem};

fn method(name: &str) -> Method {
    name.parse().unwrap()
}

async fn version(service: &Service) -> u64 {
    let storage = &service.running.service.storage;
    storage.position().await.unwrap().version
}

/// A token with every scope.
async fn every_scope(service: &Service) -> String {
    let calls = calls(&document(service).await);
    token(service, &scopes(&calls)).await
}

#[tokio::test]
async fn each_call_needs_the_scopes_that_its_description_names_and_no_other() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let calls = calls(&document(&service).await);
    let all = scopes(&calls);
    for needed in &all {
        let but_one: Vec<&str> = all.iter().copied().filter(|one| one != needed).collect();
        let token = token(&service, &but_one).await;
        for call in calls.iter().filter(|call| call.needs(needed)) {
            let before = version(&service).await;
            let answer = send(&service, &token, call).await;
            let refused = problem(answer).await;
            assert_eq!(refused, (403, "scope_missing".into()), "{}", call.id);
            assert_eq!(version(&service).await, before, "nothing changed");
        }
    }
    for call in &calls {
        let token = if call.scopes.is_empty() {
            token(&service, &["users:read"]).await
        } else {
            let scopes: Vec<&str> = call.scopes.iter().map(String::as_str).collect();
            token(&service, &scopes).await
        };
        let status = send(&service, &token, call).await.status().as_u16();
        let admitted = matches!(status, 200 | 404 | 409 | 422 | 428);
        assert!(admitted, "{}: {status}", call.id);
    }
}

async fn send(service: &Service, token: &str, described: &Described) -> Response {
    call(service, token, described.method.clone(), &described.url()).await
}

#[tokio::test]
async fn nothing_but_a_good_token_is_let_in() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let password = service.user(ANA).await;
    let calls = calls(&document(&service).await);
    let good = token(&service, &scopes(&calls)).await;
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
    let calls = calls.iter().map(|call| (call.method.clone(), call.url()));
    for (method, path) in calls.chain([(Method::GET, "nothing".to_owned())]) {
        for attack in &attacks {
            let url = service.page(&format!("/api/admin/v1/{path}"));
            let request = service.http.request(method.clone(), url);
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
    let token = every_scope(&service).await;
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
    let token = every_scope(&service).await;
    let answer = call(&service, &token, Method::POST, "admin-tokens").await;
    assert_eq!(problem(answer).await, (405, "no_such_method".into()));
    let (status, page) = service.over_socket(Method::GET, "users").await;
    assert_eq!((status, &page["next"]), (StatusCode::OK, &Value::Null));
}
