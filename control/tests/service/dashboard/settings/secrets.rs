//! Secrets of programs: made once, shown once, ended.

use reqwest::StatusCode;
use serde_json::json;

use super::super::{administrator, page, read, signed_in, submit};
use super::{SETTINGS, newest};
use crate::admin_api::call;
use crate::browser::{Browser, between};
use crate::harness::Service;

/// The secret that a page shows.
async fn secret(
    service: &Service,
    browser: &mut Browser,
    (path, fields): (&str, &[(&str, &str)]),
) -> String {
    let made = submit(service, browser, path, fields).await;
    let (status, text) = read(made).await;
    assert_eq!(status, 200, "{text}");
    between(&text, "spellcheck=\"false\">", "</textarea>").to_owned()
}

#[tokio::test]
async fn a_filter_credential_is_made_for_some_applications_and_revoked() {
    let service = Service::start().await;
    let wiki = service.wiki(json!({ "name": "<b>wiki" })).await;
    let mut browser = administrator(&service).await;
    let path = format!("{SETTINGS}/filter-credentials");
    let make = format!("{path}/make");
    let form = page(&service, &mut browser, &make).await;
    assert!(form.contains("<bdi>&lt;b&gt;wiki</bdi>"), "{form}");
    let bad = [("name", " x\u{7}"), ("applications", "0")];
    let (status, text) = read(submit(&service, &mut browser, &make, &bad).await).await;
    assert_eq!(status, 422);
    assert!(text.contains("<title>Error: "), "{text}");
    assert!(text.contains("no application has this audience"), "{text}");
    let fields = [("name", "edge"), ("applications", wiki.as_str())];
    let credential = secret(&service, &mut browser, (&make, &fields)).await;
    let answer = service.post(&credential, "exchange", json!({})).await;
    assert_ne!(answer.status(), StatusCode::UNAUTHORIZED);

    let list = page(&service, &mut browser, &path).await;
    assert!(
        list.contains("<bdi>edge</bdi>") && list.contains("<bdi>&lt;b&gt;wiki</bdi>"),
        "{list}"
    );
    assert!(!list.contains(&credential), "{list}");
    let revoke = format!(
        "{path}/{}",
        between(&list, &format!("href=\"{path}/"), "\"")
    );
    let revoke = match revoke.ends_with("/make") {
        true => {
            let (_, rest) = list.split_once("<tbody>").unwrap();
            format!("{path}/{}", between(rest, &format!("href=\"{path}/"), "\""))
        }
        false => revoke,
    };
    let revoked = submit(&service, &mut browser, &revoke, &[]).await;
    assert_eq!(revoked.status(), 303);
    let answer = service.post(&credential, "exchange", json!({})).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_a_person_makes_an_admin_token_and_it_is_shown_once() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let path = format!("{SETTINGS}/admin-tokens");
    let make = format!("{path}/make");
    let (status, text) =
        read(submit(&service, &mut browser, &make, &[("expires", "1s")]).await).await;
    assert_eq!(status, 422);
    assert!(text.contains("a token needs at least one scope"), "{text}");
    assert!(
        text.contains("href=\"#expires\"") && text.contains("value=\"1s\""),
        "{text}"
    );
    let fields = [
        ("name", "siem"),
        ("scopes", "audit:read"),
        ("scopes", "users:read"),
    ];
    let token = secret(&service, &mut browser, (&make, &fields)).await;
    let users = call(&service, &token, reqwest::Method::GET, "users").await;
    assert_eq!(users.status(), StatusCode::OK);
    let list = page(&service, &mut browser, &path).await;
    assert!(list.contains("audit:read, users:read"), "{list}");
    assert!(!list.contains(&token), "{list}");
    // Neither the token nor the help desk makes another.
    let mut help = signed_in(&service, "bo@example.com", "help_desk").await;
    assert_eq!(
        help.get(&service, &make).await.status(),
        StatusCode::FORBIDDEN
    );

    let (_, rows) = list.split_once("<tbody>").unwrap();
    let revoke = format!("{path}/{}", between(rows, &format!("href=\"{path}/"), "\""));
    let revoked = submit(&service, &mut browser, &revoke, &[]).await;
    let to = revoked.headers()["location"].to_str().unwrap().to_owned();
    let list = page(&service, &mut browser, &to).await;
    assert!(list.contains("The admin token was revoked."), "{list}");
    let users = call(&service, &token, reqwest::Method::GET, "users").await;
    assert_eq!(users.status(), StatusCode::UNAUTHORIZED);
    let event = newest(&service, "admin.token_revoked").await;
    assert_eq!(event["actor"]["name"], "admin@example.com", "{event}");
}

#[tokio::test]
async fn a_service_token_is_made_rotated_disabled_enabled_and_deleted() {
    let service = Service::start().await;
    let mut browser = administrator(&service).await;
    let path = format!("{SETTINGS}/service-tokens");
    let make = format!("{path}/make");
    let first = secret(&service, &mut browser, (&make, &[("name", "ci")])).await;
    let (status, text) = read(
        submit(
            &service,
            &mut browser,
            &make,
            &[("name", "ci"), ("expires", "90d")],
        )
        .await,
    )
    .await;
    assert_eq!(status, 422);
    assert!(
        text.contains("a service token with this name already exists"),
        "{text}"
    );
    let list = page(&service, &mut browser, &path).await;
    let (_, rows) = list.split_once("<tbody>").unwrap();
    let id = between(rows, &format!("href=\"{path}/"), "/").to_owned();
    let rotated = secret(
        &service,
        &mut browser,
        (&format!("{path}/{id}/rotate"), &[("grace", "7d")]),
    )
    .await;
    assert_ne!(first, rotated);
    let list = page(&service, &mut browser, &path).await;
    assert!(list.contains("the old secret is good until"), "{list}");
    // Who ends it reads first which policies name it.
    let named_by = async |browser: &mut Browser| {
        let asked = page(&service, browser, &format!("{path}/{id}/delete")).await;
        between(&asked, "<dt>Policies that name it</dt><dd>", "</dd>").to_owned()
    };
    assert_eq!(named_by(&mut browser).await, "none");
    let ci = json!([{ "id": "ci", "action": "service", "include": [{ "service_token": "ci" }] }]);
    service.wiki(json!({ "policy": ci })).await;
    assert_eq!(named_by(&mut browser).await, "wiki");
    for (act, shows) in [
        ("disable", ">disabled</span>"),
        ("enable", "/disable"),
        ("delete", "No program has one."),
    ] {
        let done = submit(&service, &mut browser, &format!("{path}/{id}/{act}"), &[]).await;
        assert_eq!(done.status(), 303, "{act}");
        let list = page(&service, &mut browser, &path).await;
        assert!(list.contains(shows), "{act}: {list}");
    }
    let gone = browser.get(&service, &format!("{path}/{id}/delete")).await;
    assert_eq!(gone.status(), 404);
}
