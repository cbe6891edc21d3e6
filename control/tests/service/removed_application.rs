//! Applications are shown and removed.

use portcullis::protocol::feed::{FeedPage, Subject};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::admin_api::{call, token};
use crate::browser::{Attempt, Browser, exchange, exchanged};
use crate::harness::{Service, WIKI, problem};
use crate::person::Seen;
use crate::users::{ANA, inside, scene};

async fn feed(service: &Service, credential: &str) -> FeedPage {
    let feed = service.http.get(service.call("feed"));
    let feed = feed.bearer_auth(credential).send().await.unwrap();
    feed.json().await.unwrap()
}

#[tokio::test]
async fn a_removed_application_is_gone_everywhere() {
    let mut scene = scene().await;
    let mut person = inside(&mut scene).await;
    let service = &scene.service;
    let credential = service.credential(&[]).await;
    let wiki = service.listed("/applications").await[0].clone();
    let audience = wiki["audience"].as_str().unwrap();
    let attempt = Attempt::at(audience);
    let who = (ANA, scene.password.as_str());
    let mut browser = Browser::default();
    let code = browser.code(service, &attempt, who).await;
    let unused = Browser::default().code(service, &attempt, who).await;
    let answer = exchanged(service, &credential, &code).await;

    let removed = service
        .done("/applications/remove", json!({ "name": "wiki" }))
        .await;

    assert_eq!(
        (&removed["name"], &removed["audience"]),
        (&json!("wiki"), &json!(audience))
    );
    assert!(service.listed("/applications").await.is_empty());
    let page = feed(service, &credential).await;
    assert!(page.applications.put.is_empty());
    let [revocation] = page.revocations.put.as_slice() else {
        panic!("{page:?}")
    };
    assert_eq!(
        revocation.subject,
        Subject::Application(audience.to_owned())
    );
    assert_eq!(Some(revocation.version), removed["version"].as_u64());
    let late = service
        .post(&credential, "exchange", exchange(&unused))
        .await;
    assert_eq!(problem(late).await, (403, "origin_unknown".into()));
    let refresh = json!({
        "token": answer["token"],
        "binding_secret": answer["binding"],
        "origin": WIKI,
    });
    let refused = service.post(&credential, "refresh", refresh).await;
    assert_eq!(problem(refused).await, (403, "origin_unknown".into()));
    let login = browser.get(service, &attempt.path()).await;
    assert_eq!(login.status(), StatusCode::BAD_REQUEST);
    let sessions = browser.get(service, "/sessions").await;
    assert_eq!(sessions.status(), StatusCode::OK, "users stay signed in");
    scene.service.clock.advance(1);
    let seen = person.asks(&mut scene).await;
    assert_eq!(seen, Seen::Filter(403, "unknown_host"));
    let (status, _) = scene
        .service
        .administer("/applications/remove", json!({ "name": "wiki" }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn filters_hear_of_a_removal_in_one_version() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let credential = service.credential(&[]).await;
    let before = feed(&service, &credential).await;
    service
        .done("/applications/remove", json!({ "name": "wiki" }))
        .await;
    let url = format!("feed?epoch={}&after={}", before.epoch, before.version);
    let feed = service.http.get(service.call(&url)).bearer_auth(credential);
    let page: FeedPage = feed.send().await.unwrap().json().await.unwrap();
    assert_eq!(page.version, before.version + 1);
    assert_eq!(page.applications.delete, [audience]);
    assert_eq!(page.revocations.put.len(), 1);
}

#[tokio::test]
async fn a_name_and_an_origin_that_are_added_again_are_another_application() {
    let mut scene = scene().await;
    let mut person = inside(&mut scene).await;
    let service = &scene.service;
    let narrow = service.credential(&["wiki"]).await;
    let before = service.listed("/applications").await[0]["audience"].clone();
    service
        .done("/applications/remove", json!({ "name": "wiki" }))
        .await;

    let audience = service.wiki(json!({})).await;

    assert_ne!(json!(audience), before);
    let listed = service.listed("/filter-credentials").await;
    let of_narrow = listed.iter().find(|one| !one["applications"].is_null());
    assert_eq!(of_narrow.unwrap()["applications"], json!([before]));
    let page = feed(service, &narrow).await;
    assert!(page.applications.put.is_empty(), "the credential widened");
    scene.service.clock.advance(1);
    let seen = person.asks(&mut scene).await;
    assert_eq!(seen, Seen::Filter(401, "token_not_for_here"));
    let seen = person.opens(&mut scene).await;
    assert!(matches!(seen, Seen::Wiki { .. }), "{seen:?}");
}

#[tokio::test]
async fn a_declared_application_is_removed_in_the_file_only() {
    let toml = "[[applications]]\nname = \"wiki\"\norigins = [\"https://wiki.example.com\"]\n";
    let service = Service::start_with(toml).await;
    let before = service.listed("/applications").await;
    let name = json!({ "name": "wiki" });
    let (status, answer) = service.administer("/applications/remove", name).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("configuration file")
    );
    let token = token(&service, &["applications:write"]).await;
    let refused = call(&service, &token, Method::DELETE, "applications/wiki").await;
    assert_eq!(problem(refused).await, (409, "declared".into()));
    assert_eq!(service.listed("/applications").await, before);
}

#[tokio::test]
async fn the_admin_api_shows_and_removes_by_name() {
    let service = Service::start().await;
    let audience = service
        .application(
            "a b/c",
            "https://abc.example.com",
            json!({ "bypass": [{ "path": "/x" }] }),
        )
        .await;
    let token = token(&service, &["applications:read", "applications:write"]).await;
    let path = "applications/a%20b%2Fc";
    let shown = call(&service, &token, Method::GET, path).await;
    let shown: Value = shown.json().await.unwrap();
    assert_eq!(shown["audience"], audience);
    assert_eq!(shown["bypass"][0]["path"], "/x");
    let by_name = service
        .done("/applications/show", json!({ "name": "a b/c" }))
        .await;
    assert_eq!(by_name, shown);
    let removed = call(&service, &token, Method::DELETE, path).await;
    assert_eq!(removed.status(), StatusCode::OK);
    for method in [Method::GET, Method::DELETE] {
        let gone = call(&service, &token, method, path).await;
        assert_eq!(problem(gone).await, (404, "not_found".into()));
    }
}
