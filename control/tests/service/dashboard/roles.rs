//! Who has which role, and by what.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ROOT, administrator, signed_in};
use crate::admin_api::token;
use crate::browser::Browser;
use crate::harness::{Service, problem};
use crate::openid_provider::keys::Token;
use crate::provider_sign_in::{Scene, Settings};

const LISTS: &str = "[sign_in]\npasswords = true\n\
    [dashboard]\nadministrators = { emails = [\"Ana@Example.com\"] }\n\
    help_desk = { groups = [\"corp:operators\"] }\n\
    viewers = { emails = [\"dora@example.com\"], groups = [\"partner:auditors\"] }\n";

async fn role(service: &Service, browser: &mut Browser) -> Option<String> {
    let response = browser.get(service, "/dashboard").await;
    if response.status() == StatusCode::FORBIDDEN {
        return None;
    }
    assert_eq!(response.status(), StatusCode::OK);
    let page = response.text().await.unwrap();
    let (_, rest) = page.split_once("class=\"role\">").unwrap();
    Some(rest.split_once('<').unwrap().0.to_owned())
}

async fn set(service: &Service, email: &str, role: &str) -> (StatusCode, Value) {
    let wish = json!({ "email": email, "role": role });
    service.administer("/users/role", wish).await
}

#[tokio::test]
async fn lists_of_the_configuration_give_roles_to_whom_providers_vouch_for() {
    let scene = Scene::with(Settings {
        rest: LISTS,
        corp: "email_domains = [\"example.com\"]\ngroups_claim = \"groups\"\n",
        partner: "groups_claim = \"groups\"\n",
        ..Settings::default()
    })
    .await;
    let in_group = |group: &'static str| {
        move |token: Token| {
            let token = token
                .with("sub", json!(group))
                .with("groups", json!([group]));
            token.with("email", json!("bo@elsewhere.example"))
        }
    };
    let unchanged = |token: Token| token;
    for (what, provider, expected) in [
        // `corp` speaks for example.com, and so `partner` does not.
        ("ana", "corp", Some("administrator")),
        ("ana", "partner", None),
        // A group belongs to its provider.
        ("operators", "corp", Some("help desk")),
        ("operators", "partner", None),
        ("auditors", "partner", Some("viewer")),
        ("auditors", "corp", None),
    ] {
        let mut browser = Browser::default();
        match what {
            "ana" => scene.sign_in(&mut browser, provider, unchanged).await,
            group => scene.sign_in(&mut browser, provider, in_group(group)).await,
        };
        let found = role(&scene.service, &mut browser).await;
        assert_eq!(found.as_deref(), expected, "{what} {provider}");
    }
    // Anybody who may add users could add one with the address, and a password.
    let mut browser = signed_in(&scene.service, "dora@example.com", "none").await;
    assert_eq!(role(&scene.service, &mut browser).await, None);
}

#[tokio::test]
async fn the_higher_of_two_roles_counts() {
    let scene = Scene::with(Settings {
        rest: LISTS,
        corp: "email_domains = [\"example.com\"]\n",
        ..Settings::default()
    })
    .await;
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    let (status, _) = set(&scene.service, "ana@example.com", "viewer").await;
    assert_eq!(status, StatusCode::OK);
    let found = role(&scene.service, &mut browser).await;
    assert_eq!(found.as_deref(), Some("administrator"));
}

#[tokio::test]
async fn roles_are_given_and_taken_by_the_command_line() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let mut ana = signed_in(&service, "ana@example.com", "none").await;
    for (name, shown) in [
        ("viewer", Some("viewer")),
        ("help-desk", Some("help desk")),
        ("administrator", Some("administrator")),
        ("none", None),
    ] {
        let (status, _) = set(&service, "ANA@example.com", name).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(role(&service, &mut ana).await.as_deref(), shown);
    }
    assert_eq!(
        role(&service, &mut browser).await.as_deref(),
        Some("administrator")
    );
    let (status, body) = set(&service, "ana@example.com", "root").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = body["error"].as_str().unwrap();
    assert!(
        text.contains("`root`") && text.contains("viewer, help_desk"),
        "{text}"
    );
    let (status, body) = set(&service, "bob@example.com", "viewer").await;
    assert_eq!(
        (status, &body["reason"]),
        (StatusCode::NOT_FOUND, &json!("not_found"))
    );
    let path = "audit?event=user.role_changed&order=oldest_first";
    let (_, log) = service.over_socket(Method::GET, path).await;
    let events = log["items"].as_array().unwrap();
    // One for the administrator, and one for each change.
    assert_eq!(events.len(), 5);
    assert_eq!(events[1]["subject"]["name"], "ana@example.com");
    assert_eq!(
        events[2]["changes"],
        json!({ "before": { "role": "viewer" }, "after": { "role": "help_desk" } })
    );
}

#[tokio::test]
async fn the_last_administrator_who_can_sign_in_stays_one() {
    let service = Service::start().await;
    administrator(&service).await;
    let (status, body) = set(&service, ROOT, "viewer").await;
    assert_eq!(
        (status, &body["reason"]),
        (StatusCode::CONFLICT, &json!("last_administrator"))
    );
    // One who is disabled cannot help.
    signed_in(&service, "ana@example.com", "administrator").await;
    let ana = json!({ "email": "ana@example.com" });
    service.done("/users/disable", ana.clone()).await;
    assert_eq!(set(&service, ROOT, "none").await.0, StatusCode::CONFLICT);
    service.done("/users/enable", ana).await;
    assert_eq!(set(&service, ROOT, "none").await.0, StatusCode::OK);
    assert_eq!(
        set(&service, "ana@example.com", "none").await.0,
        StatusCode::CONFLICT
    );
    // The same role again changes nothing.
    assert_eq!(
        set(&service, "ana@example.com", "administrator").await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_admin_api_gives_roles_with_a_scope_of_its_own() {
    let service = Service::start().await;
    administrator(&service).await;
    service.user("ana@example.com").await;
    let users = service.listed("/users").await;
    let id = |email: &str| {
        let user = users.iter().find(|user| user["email"] == email);
        user.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let put = async |token: &str, id: &str, role: &str| {
        let url = service.page(&format!("/api/admin/v1/users/{id}/role"));
        let call = service.http.put(url).bearer_auth(token);
        call.json(&json!({ "role": role })).send().await.unwrap()
    };
    let weak = token(&service, &["users:write", "users:read"]).await;
    let ana = id("ana@example.com");
    let refused = put(&weak, &ana, "administrator").await;
    assert_eq!(problem(refused).await, (403, "scope_missing".into()));
    let strong = token(&service, &["roles:write"]).await;
    let done = put(&strong, &ana, "viewer").await;
    assert_eq!(done.status(), StatusCode::OK);
    let done: Value = done.json().await.unwrap();
    assert_eq!(
        (&done["role"], &done["before"]),
        (&json!("viewer"), &Value::Null)
    );
    let refused = put(&strong, &id(ROOT), "none").await;
    assert_eq!(problem(refused).await, (409, "last_administrator".into()));
    let refused = put(&strong, &ana, "root").await;
    assert_eq!(problem(refused).await, (422, "request_invalid".into()));
    let refused = put(&strong, "0", "viewer").await;
    assert_eq!(problem(refused).await, (404, "not_found".into()));
}
