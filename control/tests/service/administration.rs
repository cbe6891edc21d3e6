//! Users, applications and credentials, as the administrator makes them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::Service;

async fn refused(service: &Service, path: &str, body: Value) -> (StatusCode, Value) {
    let (status, answer) = service.administer(path, body).await;
    assert!(status.is_client_error(), "{answer}");
    (status, answer)
}

fn paths(answer: &Value) -> Vec<&str> {
    let problems = answer["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|problem| problem["path"].as_str().unwrap())
        .collect()
}

async fn version(service: &Service) -> u64 {
    service
        .running
        .service
        .storage
        .position()
        .await
        .unwrap()
        .version
}

#[tokio::test]
async fn an_address_is_one_user() {
    let service = Service::start().await;
    service.user("ana@example.com").await;
    let (status, _) = refused(&service, "/users", json!({ "email": "ANA@example.com" })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (_, answer) = refused(
        &service,
        "/users",
        json!({ "email": "ana", "password": "short" }),
    )
    .await;
    assert_eq!(paths(&answer), ["email", "password"]);
    let own = json!({ "email": "bob@example.com", "password": "long enough" });
    assert_eq!(service.done("/users", own).await["password"], Value::Null);
}

#[tokio::test]
async fn bad_applications_are_refused_whole_and_change_nothing() {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let before = version(&service).await;
    let bad = json!({
        "name": "chat",
        "origins": ["http://chat.example.com", "https://chat.example.com/%61"],
        "session_duration": "1m",
        "same_site": "Sometimes",
        "policy": [{ "emails": ["nobody"] }],
    });
    let (status, answer) = refused(&service, "/applications", bad).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        paths(&answer),
        [
            "origins[0]",
            "origins[1]",
            "session_duration",
            "same_site",
            "policy[0].allow.emails[0]"
        ]
    );
    for (body, status) in [
        (
            json!({ "name": "wiki", "origins": ["https://x.example.com"] }),
            StatusCode::CONFLICT,
        ),
        (
            json!({ "name": "w2", "origins": ["https://wiki.example.com"] }),
            StatusCode::CONFLICT,
        ),
        (
            json!({ "name": "w2", "origins": ["https://wiki.example.com:8443"] }),
            StatusCode::CONFLICT,
        ),
        (
            json!({ "name": "w2", "origin": "x" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!("w2"), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let (got, answer) = service.administer("/applications", body).await;
        assert_eq!(got, status, "{answer}");
    }
    assert_eq!(version(&service).await, before);
    service
        .application("w2", "https://wiki.example.com/w2", json!({}))
        .await;
}

#[tokio::test]
async fn settings_change_one_by_one() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    service
        .application("chat", "https://chat.example.com", json!({}))
        .await;
    let set = |changes: Value| json!({ "name": "wiki", "changes": changes });
    let now = service
        .done(
            "/applications/set",
            set(json!({
                "session_duration": "1h 30m", "same_site": "none", "binding_cookie": false,
            })),
        )
        .await;
    assert_eq!(now["audience"], audience);
    assert_eq!(
        (&now["session_duration"], &now["same_site"]),
        (&json!("1h 30m"), &json!("none"))
    );
    assert_eq!(
        (&now["binding_cookie"], &now["http_only"]),
        (&json!(false), &json!(true))
    );
    let before = version(&service).await;
    for (changes, status) in [
        (
            json!({ "origins": ["https://chat.example.com"] }),
            StatusCode::CONFLICT,
        ),
        (json!({ "name": "chat" }), StatusCode::CONFLICT),
        (json!({ "origins": [] }), StatusCode::UNPROCESSABLE_ENTITY),
        (
            json!({ "session_duration": "10m" }),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let (got, answer) = service.administer("/applications/set", set(changes)).await;
        assert_eq!(got, status, "{answer}");
    }
    assert_eq!(version(&service).await, before);
    let moved = set(json!({ "origins": ["https://new.example.com"], "name": "new" }));
    service.done("/applications/set", moved).await;
    service.wiki(json!({})).await;
}

#[tokio::test]
async fn declared_applications_change_in_the_file_only() {
    let toml = |duration: &str, more: &str| {
        format!(
            "[[applications]]\nname = \"wiki\"\norigins = [\"https://wiki.example.com\"]\n\
             session_duration = \"{duration}\"\npolicy = [{{ allow = {{ everyone = true }} }}]\n{more}"
        )
    };
    let chat = "[[applications]]\nname = \"chat\"\norigins = [\"https://chat.example.com\"]\n";
    let service = Service::start_with(&toml("1h", chat)).await;
    let change = json!({ "name": "wiki", "changes": { "session_duration": "2h" } });
    let (status, _) = refused(&service, "/applications/set", change).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let before = version(&service).await;
    let audience = service
        .running
        .service
        .storage
        .application_named("wiki")
        .await
        .unwrap();
    let directory = service.directory.clone();
    service.running.stop().await;

    let service = Service::start_in(directory.clone(), &toml("1h", chat))
        .await
        .unwrap();
    assert_eq!(version(&service).await, before, "nothing changed");
    service.running.stop().await;

    let service = Service::start_in(directory.clone(), &toml("2h", ""))
        .await
        .unwrap();
    assert_eq!(
        version(&service).await,
        before + 1,
        "one version for all changes"
    );
    let storage = &service.running.service.storage;
    let wiki = storage.application_named("wiki").await.unwrap().unwrap();
    assert_eq!(wiki.audience, audience.unwrap().audience);
    assert_eq!(wiki.definition.session_duration_seconds, 7200);
    assert!(storage.application_named("chat").await.unwrap().is_none());
    service.running.stop().await;

    let service = Service::start_in(directory, &toml("2h", chat))
        .await
        .unwrap();
    let storage = &service.running.service.storage;
    assert_eq!(
        storage.applications().await.unwrap().len(),
        2,
        "chat is back"
    );
}

#[tokio::test]
async fn a_credential_is_for_applications_that_exist() {
    let service = Service::start().await;
    let wish = json!({ "applications": ["wiki", "chat"] });
    let (_, answer) = refused(&service, "/filter-credentials", wish).await;
    assert_eq!(paths(&answer), ["applications[0]", "applications[1]"]);
}
