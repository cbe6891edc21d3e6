//! What administrators do, and the service itself.

use std::sync::Arc;
use std::time::Duration;

use portcullis_control::tokens::keys::rotation;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::scene::{ANA, BOB, Scene, events, is, party, text};
use crate::harness::Service;

/// Who runs the tests, and so the command line.
fn command_line(event: &Value) {
    assert_eq!(event["actor"]["kind"], "cli", "{event}");
    let id = event["actor"]["id"].as_str().unwrap();
    id.parse::<u32>().unwrap();
}

#[tokio::test]
async fn users_are_told() {
    let mut scene = Scene::new().await;
    scene.service.user(BOB).await;
    let [added] = scene.only(["user.added"]).await;
    let who = json!({ "email": BOB });
    scene.service.done("/users/disable", who.clone()).await;
    let [disabled, revoked] = scene.only(["user.disabled", "revocation.made"]).await;
    assert_eq!(text(&revoked, "reason"), "user_disabled");
    scene.service.done("/users/enable", who.clone()).await;
    let [enabled] = scene.only(["user.enabled"]).await;
    scene.service.done("/users/enable", who.clone()).await;
    scene.only([]).await;
    scene.service.done("/users/password", who.clone()).await;
    let [password, ended] = scene
        .only(["user.password_changed", "revocation.made"])
        .await;
    assert_eq!(text(&ended, "reason"), "password_changed");
    scene.service.done("/users/remove", who).await;
    let [removed, gone] = scene.only(["user.removed", "revocation.made"]).await;
    assert_eq!(text(&gone, "reason"), "user_removed");
    for event in [
        &added, &disabled, &revoked, &enabled, &password, &ended, &removed, &gone,
    ] {
        command_line(event);
        assert_eq!(party(event, "subject"), is("user", BOB));
        assert_eq!(event["user"]["email"], BOB);
    }
}

#[tokio::test]
async fn b17_revocations_are_told_with_scope_and_version() {
    let mut scene = Scene::new().await;
    scene.signed_in().await;
    scene.news().await;
    let wiki = json!({ "name": "wiki", "fresh_login": true });
    let made = scene.service.done("/revocations/application", wiki).await;
    let [event] = scene.only(["revocation.made"]).await;
    command_line(&event);
    assert_eq!(party(&event, "subject"), is("application", "wiki"));
    assert_eq!(event["details"]["scope"], "application");
    assert_eq!(event["details"]["fresh_login"], true);
    assert_eq!(event["details"]["version"], made["version"]);

    let sessions = scene.service.listed("/api/admin/v1/sessions").await;
    let id = sessions[0]["id"].as_str().unwrap();
    let made = scene
        .service
        .done("/revocations/session", json!({ "id": id }))
        .await;
    let [event] = scene.only(["revocation.made"]).await;
    assert_eq!(party(&event, "subject"), is("session", id));
    assert_eq!(event["user"]["email"], ANA);
    assert_eq!(event["details"]["scope"], "session");
    assert_eq!(event["details"]["version"], made["version"]);

    let made = scene
        .service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    let [event] = scene.only(["revocation.made"]).await;
    assert_eq!(party(&event, "subject"), is("user", ANA));
    assert_eq!(event["details"]["scope"], "user");
    assert_eq!(event["details"]["version"], made["version"]);
}

#[tokio::test]
async fn b17_applications_are_told_with_what_changed() {
    let mut scene = Scene::new().await;
    let chat = "https://chat.example.com";
    scene.service.application("chat", chat, json!({})).await;
    let [added] = scene.only(["application.added"]).await;
    assert_eq!(added["changes"]["after"]["origins"], json!([chat]));
    assert_eq!(added["changes"]["before"], json!({}));

    let set = async |scene: &Scene, changes: Value| {
        let body = json!({ "name": "chat", "changes": changes });
        scene.service.done("/applications/set", body).await
    };
    set(&scene, json!({ "session_duration": "1h" })).await;
    let [changed] = scene.only(["application.changed"]).await;
    assert_eq!(
        changed["changes"],
        json!({ "before": { "session_duration": "24h" }, "after": { "session_duration": "1h" } })
    );
    set(&scene, json!({ "policy": [{ "emails": [ANA] }] })).await;
    let [policy] = scene.only(["policy.changed"]).await;
    let [before, after] = ["before", "after"].map(|at| policy["changes"][at]["policy"].to_string());
    assert!(
        before.contains("everyone") && !before.contains(ANA),
        "{policy}"
    );
    assert!(
        after.contains(ANA) && !after.contains("everyone"),
        "{policy}"
    );
    set(&scene, json!({ "session_duration": "2h", "policy": [] })).await;
    scene.only(["application.changed", "policy.changed"]).await;
    set(&scene, json!({ "session_duration": "2h" })).await;
    scene.only([]).await;

    let chat = json!({ "name": "chat" });
    scene.service.done("/applications/remove", chat).await;
    let [removed, revoked] = scene.only(["application.removed", "revocation.made"]).await;
    assert_eq!(removed["changes"]["before"]["session_duration"], "2h");
    for event in [&added, &changed, &policy, &removed, &revoked] {
        command_line(event);
        assert_eq!(party(event, "subject"), is("application", "chat"));
        assert_eq!(text(event, "application"), "chat");
    }
}

#[tokio::test]
async fn applications_in_the_file_are_told_at_the_start() {
    let declared = |duration: &str| {
        format!(
            "[[applications]]\nname = \"chat\"\norigins = [\"https://chat.example.com\"]\n\
             session_duration = \"{duration}\"\n"
        )
    };
    let of_chat = async |service: &Service| {
        let mut events = events(service, "application=chat&limit=1000").await;
        events
            .iter_mut()
            .for_each(|event| assert_eq!(event["actor"]["kind"], "system"));
        let name = |event: &Value| text(event, "event").to_owned();
        events.iter().map(name).collect::<Vec<_>>()
    };
    let service = Service::start_with(&declared("1h")).await;
    assert_eq!(of_chat(&service).await, ["application.added"]);
    let service = service.restart(&declared("1h")).await;
    assert_eq!(of_chat(&service).await.len(), 1);
    let service = service.restart(&declared("2h")).await;
    assert_eq!(of_chat(&service).await[0], "application.changed");
    let service = service.restart("").await;
    let mut gone = of_chat(&service).await;
    gone.truncate(2);
    gone.sort();
    assert_eq!(gone, ["application.removed", "revocation.made"]);
    let service = service.restart(&declared("2h")).await;
    assert_eq!(of_chat(&service).await[0], "application.added");
}

#[tokio::test]
async fn settings_in_the_file_are_told_at_the_start() {
    let told = async |service: &Service| events(service, "event=admin.settings_changed").await;
    let service = Service::start_with("[sign_in]\nfailures_per_email = 5\n").await;
    assert_eq!(told(&service).await.len(), 0, "there was none before");
    let service = service.restart("[sign_in]\nfailures_per_email = 5\n").await;
    assert_eq!(told(&service).await.len(), 0);
    let file = service.directory.path().join("secret-of-corp");
    std::fs::write(&file, "what nobody may read or ever guesses").unwrap();
    let provider = format!(
        "[[identity_providers]]\nid = \"corp\"\nname = \"Corp\"\n\
        issuer = \"http://localhost:9\"\nclient_id = \"portcullis\"\n\
        client_secret_file = {file:?}\nresponse_mode = \"form_post\"\n\
        global_token_revocation = {{ token_file = {file:?} }}\n\
        [[identity_providers.events]]\naudience = \"here\"\ntoken_file = {file:?}\n\
        [sign_in]\npasswords = true\n"
    );
    let service = service.restart(&provider).await;
    let events = told(&service).await;
    assert_eq!(events.len(), 1, "{events:?}");
    let event = &events[0];
    assert_eq!(party(event, "actor"), is("system", "configuration file"));
    assert_eq!(party(event, "subject").0, "settings");
    assert_eq!(event["changes"]["before"]["sign_in.failures_per_email"], 5);
    let after = &event["changes"]["after"];
    assert_eq!(after["sign_in.failures_per_email"], 10);
    let corp = &after["identity_providers.corp"];
    for (setting, value) in [
        ("issuer", json!("http://localhost:9")),
        ("client_authentication", json!("client_secret")),
        ("response_mode", json!("form_post")),
        ("global_token_revocation", json!(true)),
        (
            "events",
            json!([{ "issuer": "http://localhost:9", "audience": "here", "demands_token": true }]),
        ),
    ] {
        assert_eq!(corp[setting], value, "{setting}");
    }
    for hidden in ["nobody", "secret-of-corp"] {
        assert!(!event.to_string().contains(hidden), "{event}");
    }
}

#[tokio::test]
async fn settings_with_which_the_service_does_not_start_are_not_told() {
    let service = Service::start_with("").await;
    service.wiki(json!({})).await;
    let (directory, url) = (service.directory.clone(), service.database_url.clone());
    service.running.stop().await;
    // The wiki has this place already.
    let wrong = "[sign_in]\nfailures_per_email = 5\n[[applications]]\nname = \"other\"\n\
        origins = [\"https://wiki.example.com\"]\n";
    let refused = Service::start_at(&url, directory.clone(), wrong, service.clock.clone()).await;
    assert!(refused.is_err());
    let started = Service::start_at(&url, directory, "", service.clock).await;
    let told = events(&started.unwrap(), "event=admin.settings_changed").await;
    assert_eq!(told.len(), 0, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_and_a_restore_are_told() {
    let scene = Scene::new().await;
    if !scene.service.database_url.starts_with("sqlite://") {
        return;
    }
    let run = |arguments: &[&str]| {
        let mut program = crate::cli::program(&scene.service.data_dir(), arguments);
        program.env("PORTCULLIS_DATABASE__URL", &scene.service.database_url);
        program.output().unwrap()
    };
    let file = scene.service.directory.path().join("backup.db");
    let file = file.to_str().unwrap();
    let made = run(&["backup", file]);
    assert!(made.status.success(), "{}", crate::cli::stderr(&made));
    assert_eq!(crate::cli::stderr(&made), "");
    let event = &events(&scene.service, "event=admin.backup_made").await[0];
    command_line(event);
    assert_eq!(party(event, "subject"), is("file", file));

    let (directory, url) = (
        scene.service.directory.clone(),
        scene.service.database_url.clone(),
    );
    let data = scene.service.data_dir();
    scene.service.running.stop().await;
    let mut program = crate::cli::program(&data, &["restore", file]);
    let restored = program
        .env("PORTCULLIS_DATABASE__URL", &url)
        .output()
        .unwrap();
    assert!(
        restored.status.success(),
        "{}",
        crate::cli::stderr(&restored)
    );
    let service = Service::start_at(&url, directory, "", scene.service.clock)
        .await
        .unwrap();
    let all = events(&service, "event=admin.database_restored").await;
    command_line(&all[0]);
    assert_eq!(party(&all[0], "subject").0, "database");
    assert_eq!(events(&service, "event=user.added").await.len(), 1);
}

#[tokio::test]
async fn credentials_are_told_and_who_used_them() {
    let mut scene = Scene::new().await;
    let credential = json!({ "name": "edge" });
    let made = scene.service.done("/filter-credentials", credential).await;
    let [added] = scene.only(["admin.filter_credential_added"]).await;
    let id = json!({ "id": made["id"] });
    scene.service.done("/filter-credentials/revoke", id).await;
    let [revoked] = scene.only(["admin.filter_credential_revoked"]).await;
    for event in [&added, &revoked] {
        command_line(event);
        assert_eq!(party(event, "subject"), is("filter_credential", "edge"));
    }

    let token = json!({ "name": "ci", "scopes": ["users:revoke", "credentials:revoke"] });
    let made = scene.service.done("/admin-tokens", token).await;
    let [added] = scene.only(["admin.token_added"]).await;
    assert_eq!(party(&added, "subject"), is("admin_token", "ci"));
    assert_eq!(added["details"]["scopes"][0], "users:revoke");
    let users = scene.service.listed("/users").await;
    let call = |method: Method, path: String| {
        let url = scene.service.page(&format!("/api/admin/v1/{path}"));
        let token = made["token"].as_str().unwrap();
        let request = scene.service.http.request(method, url).bearer_auth(token);
        request.header("user-agent", "program/2").send()
    };
    let revoke = format!("users/{}/revoke", users[0]["id"].as_str().unwrap());
    assert_eq!(
        call(Method::POST, revoke).await.unwrap().status(),
        StatusCode::OK
    );
    let own = format!("admin-tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(
        call(Method::DELETE, own).await.unwrap().status(),
        StatusCode::OK
    );
    let [user, token] = scene.only(["revocation.made", "admin.token_revoked"]).await;
    for event in [&user, &token] {
        assert_eq!(party(event, "actor"), is("admin_token", "ci"));
        assert_eq!(event["actor"]["id"], made["id"]);
        assert_eq!(text(event, "address"), "127.0.0.1");
        assert_eq!(text(event, "user_agent"), "program/2");
    }
    assert_eq!(party(&user, "subject"), is("user", ANA));
    assert_eq!(party(&token, "subject"), is("admin_token", "ci"));
}

#[tokio::test]
async fn keys_are_told_from_their_first_to_their_last_moment() {
    let mut scene = Scene::new().await;
    let key = |event: &Value| (text(event, "reason").to_owned(), party(event, "subject").1);
    let first = &events(&scene.service, "event=key.rotated").await[0];
    assert_eq!(key(first).0, "first");
    assert_eq!(party(first, "actor"), is("system", "start"));
    let (_, first) = key(first);

    let path = "/api/admin/v1/keys/rotate";
    let rotated = scene.service.done(path, json!({})).await;
    let kid = rotated["kid"].as_str().unwrap().to_owned();
    let [published] = scene.only(["key.rotated"]).await;
    command_line(&published);
    assert_eq!(key(&published), is("published", &kid));
    scene.service.clock.advance(3_600);
    let service = Arc::clone(&scene.service.running.service);
    rotation::look(&service).await.unwrap();
    let [signing] = scene.only(["key.rotated"]).await;
    assert_eq!(key(&signing), is("signing", &kid));
    assert_eq!(party(&signing, "actor"), is("system", "schedule"));
    let long_after = service.now() + Duration::from_secs(400 * 24 * 3_600);
    let deleted = service.storage.delete_expired_signing_keys(long_after);
    assert!(deleted.await.unwrap().is_some());
    let [expired] = scene.only(["key.rotated"]).await;
    assert_eq!(key(&expired), is("expired", &first));
    let refuse = format!("/api/admin/v1/keys/{kid}/refuse");
    scene.service.done(&refuse, json!({})).await;
    let [refused] = scene.only(["key.rotated"]).await;
    command_line(&refused);
    assert_eq!(key(&refused), is("refused", &kid));

    let reseal = "/api/admin/v1/keys/reseal";
    scene.service.done(reseal, json!({})).await;
    let [resealed] = scene.only(["admin.secrets_resealed"]).await;
    command_line(&resealed);
}

#[tokio::test]
async fn a_proxy_that_is_forgotten_is_told() {
    let mut scene = Scene::new().await;
    let query = "?instance=p1&stale_after=300&then=deny&wait=0";
    let poll = scene.service.http.get(scene.service.call("feed") + query);
    let polled = poll.bearer_auth(&scene.credential).send().await.unwrap();
    assert_eq!(polled.status(), StatusCode::OK);
    let service = Arc::clone(&scene.service.running.service);
    let written = service.proxies.write(&service.storage, &service.notifier);
    written.await.unwrap();
    scene.only([]).await;
    scene
        .service
        .done("/proxies/forget", json!({ "instance": "p1" }))
        .await;
    let [forgotten] = scene.only(["admin.proxy_forgotten"]).await;
    command_line(&forgotten);
    assert_eq!(party(&forgotten, "subject"), is("proxy", "p1"));
}

#[tokio::test]
async fn what_was_refused_leaves_no_line() {
    let mut scene = Scene::new().await;
    for (path, body) in [
        ("/users", json!({ "email": ANA })),
        ("/users/remove", json!({ "email": "nobody@example.com" })),
        ("/applications/remove", json!({ "name": "nothing" })),
        ("/admin-tokens/revoke", json!({ "id": "nothing" })),
        ("/filter-credentials/revoke", json!({ "id": "nothing" })),
        ("/revocations/session", json!({ "id": "nothing" })),
        ("/proxies/forget", json!({ "instance": "nothing" })),
    ] {
        let (status, answer) = scene.service.administer(path, body).await;
        assert!(status.is_client_error(), "{path} {answer}");
    }
    scene.only([]).await;
}
