//! Users are removed, disabled and enabled, and get new passwords.

mod own_password;
mod passwords;

use portcullis::protocol::feed::{FeedPage, Subject};
use portcullis::time::UnixSeconds;
use portcullis_control::administration::role::Role;
use portcullis_control::sessions::client_description::ClientDescription;
use portcullis_control::sign_in::email::Address;
use portcullis_control::storage::{BegunSession, NewSession, NewUser};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::admin_api::{call, token};
use crate::browser::{Attempt, Browser, exchange, exchanged};
use crate::gate::Gate;
use crate::harness::{Service, problem, sign_in_of, tester};
use crate::person::{Person, Scene, Seen};

pub const ANA: &str = "ana@example.com";

/// The wiki, its filter, and Ana.
pub async fn scene() -> Scene {
    let service = Service::start().await;
    service.wiki(json!({})).await;
    let password = service.user(ANA).await;
    Scene {
        gate: Gate::new(&service).await,
        email: ANA,
        password,
        service,
    }
}

/// A person who has opened the wiki.
pub async fn inside(scene: &mut Scene) -> Person {
    let mut person = Person::default();
    assert!(person.gets_in(scene).await, "asked to sign in");
    person
}

/// The filter refuses a person once it has polled, and sends them to the sign-in.
pub async fn is_revoked(scene: &mut Scene, person: &mut Person) {
    scene.service.clock.advance(1);
    let seen = person.asks(scene).await;
    assert_eq!(seen, Seen::Filter(401, "session_revoked"));
    assert!(matches!(person.opens(scene).await, Seen::Form(_)));
}

async fn only_user(service: &Service) -> Value {
    let users = service.listed("/users").await;
    let [user] = users.as_slice() else {
        panic!("{users:?}")
    };
    user.clone()
}

async fn snapshot(service: &Service) -> FeedPage {
    let feed = service.http.get(service.call("feed"));
    let feed = feed.bearer_auth(service.credential(&[]).await);
    feed.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_removed_user_is_refused_at_the_filter_and_by_every_call() {
    let mut scene = scene().await;
    let mut inside_one = inside(&mut scene).await;
    let mut inside_two = inside(&mut scene).await;
    let service = &scene.service;
    let audience = service.listed("/applications").await[0]["audience"].clone();
    let attempt = Attempt::at(audience.as_str().unwrap());
    let credential = service.credential(&[]).await;
    let who = (ANA, scene.password.as_str());
    let mut browser = Browser::default();
    let code = browser.code(service, &attempt, who).await;
    let unused = Browser::default().code(service, &attempt, who).await;
    let answer = exchanged(service, &credential, &code).await;
    let id = only_user(service).await["id"].as_str().unwrap().to_owned();

    let removed = service
        .done("/users/remove", json!({ "email": "Ana@example.com" }))
        .await;

    assert_eq!(
        (&removed["users"], &removed["sessions_ended"]),
        (&json!(1), &json!(4))
    );
    assert!(service.listed("/users").await.is_empty());
    let page = snapshot(service).await;
    let revocation = page.revocations.put.iter().find(|one| {
        matches!(&one.subject, Subject::User(user) if *user == id)
            && Some(one.version) == removed["version"].as_u64()
    });
    let end = answer["session_exp"].as_u64().unwrap();
    assert!(revocation.unwrap().until >= UnixSeconds::new(end));
    let late = service
        .post(&credential, "exchange", exchange(&unused))
        .await;
    assert_eq!(problem(late).await, (400, "code_unknown".into()));
    let refresh = json!({
        "token": answer["token"],
        "binding_secret": answer["binding"],
        "origin": attempt.origin,
    });
    let refused = service.post(&credential, "refresh", refresh).await;
    assert_eq!(problem(refused).await, (403, "session_ended".into()));
    let refused = browser.sign_in(service, "/login", who).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    for person in [&mut inside_one, &mut inside_two] {
        is_revoked(&mut scene, person).await;
    }
    let (status, _) = scene
        .service
        .administer("/users/remove", json!({ "email": ANA }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_address_that_is_added_again_is_another_user() {
    let mut scene = scene().await;
    let mut old = inside(&mut scene).await;
    let before = only_user(&scene.service).await;
    let email = json!({ "email": ANA });
    scene.service.done("/users/remove", email).await;

    scene.password = scene.service.user(ANA).await;

    assert_ne!(only_user(&scene.service).await["id"], before["id"]);
    is_revoked(&mut scene, &mut old).await;
    inside(&mut scene).await;
}

#[tokio::test]
async fn a_sign_in_that_has_begun_does_not_outrun_a_removal() {
    let service = Service::start().await;
    service.user(ANA).await;
    let user = only_user(&service).await;
    service.done("/users/remove", json!({ "email": ANA })).await;
    service.user(ANA).await;
    let storage = &service.running.service.storage;
    let session = new_session(&service, user["id"].as_str().unwrap());
    let begun = storage
        .begin_session(&session, sign_in_of(&session.user_id))
        .await
        .unwrap();
    assert_eq!(begun, BegunSession::Disabled);
}

/// A sign-in that is about to begin a session.
fn new_session(service: &Service, user_id: &str) -> NewSession {
    let now = UnixSeconds::new(service.clock.seconds());
    NewSession {
        id: "new".to_owned(),
        user_id: user_id.to_owned(),
        password: None,
        now,
        expires_at: now + std::time::Duration::from_secs(3600),
        network: "127.0.0.0/24".to_owned(),
        client: ClientDescription::of(
            &reqwest::header::HeaderMap::new(),
            std::net::Ipv4Addr::LOCALHOST.into(),
        ),
        before: None,
        form: None,
    }
}

#[tokio::test]
async fn an_enabled_user_signs_in_at_once_and_no_old_session_comes_back() {
    let mut scene = scene().await;
    let mut old = inside(&mut scene).await;
    let email = json!({ "email": ANA });
    scene.service.done("/users/disable", email.clone()).await;
    assert_eq!(only_user(&scene.service).await["disabled"], true);
    is_revoked(&mut scene, &mut old).await;

    let enabled = scene.service.done("/users/enable", email.clone()).await;

    assert_eq!(enabled, json!({ "users": 1, "enabled": 1 }));
    assert_eq!(only_user(&scene.service).await["disabled"], false);
    is_revoked(&mut scene, &mut old).await;
    inside(&mut scene).await;
    let (status, _) = scene
        .service
        .administer("/users/enable", json!({ "email": "eve@example.com" }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn enabling_a_user_who_is_not_disabled_lifts_no_block() {
    let scene = scene().await;
    let email = json!({ "email": ANA });
    scene.service.done("/revocations/user", email.clone()).await;
    let enabled = scene.service.done("/users/enable", email).await;
    assert_eq!(enabled, json!({ "users": 1, "enabled": 0 }));
    let who = (ANA, scene.password.as_str());
    let blocked = Browser::default()
        .sign_in(&scene.service, "/login", who)
        .await;
    assert_eq!(blocked.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_admin_api_changes_users_by_id() {
    let mut scene = scene().await;
    let mut old = inside(&mut scene).await;
    let token = token(&scene.service, &["users:write"]).await;
    let id = only_user(&scene.service).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let done = async |scene: &Scene, method: Method, path: &str| {
        let path = format!("users/{id}{path}");
        let response = call(&scene.service, &token, method, &path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json::<Value>().await.unwrap()
    };
    let disabled = done(&scene, Method::POST, "/disable").await;
    assert_eq!(disabled["sessions_ended"], 1);
    is_revoked(&mut scene, &mut old).await;
    let enabled = done(&scene, Method::POST, "/enable").await;
    assert_eq!(enabled["enabled"], 1);
    let set = done(&scene, Method::POST, "/password").await;
    scene.password = set["password"].as_str().unwrap().to_owned();
    let mut new = inside(&mut scene).await;
    done(&scene, Method::DELETE, "").await;
    is_revoked(&mut scene, &mut new).await;
    let again = call(
        &scene.service,
        &token,
        Method::DELETE,
        &format!("users/{id}"),
    )
    .await;
    assert_eq!(problem(again).await, (404, "not_found".into()));
}

#[tokio::test]
async fn a_token_does_not_change_an_administrator() {
    let service = Service::start().await;
    let administrator = NewUser {
        id: "root".to_owned(),
        email: Address::parse("root@example.com").unwrap(),
        password_hash: None,
        role: Some(Role::Viewer),
        created_at: UnixSeconds::EPOCH,
    };
    let storage = &service.running.service.storage;
    storage.add_user(&administrator, &tester()).await.unwrap();
    let token = token(&service, &["users:write", "users:revoke"]).await;
    let before = service.listed("/users").await;
    for (method, path) in [
        (Method::DELETE, "users/root"),
        (Method::POST, "users/root/disable"),
        (Method::POST, "users/root/enable"),
        (Method::POST, "users/root/password"),
    ] {
        let refused = call(&service, &token, method, path).await;
        let expected = (403, "administrator_protected".into());
        assert_eq!(problem(refused).await, expected, "{path}");
    }
    assert_eq!(service.listed("/users").await, before, "nothing changed");
    let (status, _) = service.over_socket(Method::DELETE, "users/root").await;
    assert_eq!(status, StatusCode::OK, "with the command line");
}
