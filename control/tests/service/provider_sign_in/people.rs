//! Who a person is: a provider and its `sub`, never an e-mail address.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{SESSION, Scene, Settings, reason, refused};
use crate::browser::{Browser, between};
use crate::openid_provider::keys::Token;

const LINKED: &str = "link_by_email = true\nemail_domains = [\"example.com\"]";

/// The user whom a sign-in of another browser belongs to.
async fn user(scene: &Scene, provider: &'static str, change: impl Fn(Token) -> Token) -> String {
    let response = scene
        .sign_in(&mut Browser::default(), provider, change)
        .await;
    let claims = scene.claims(&response).await;
    claims["sub"].as_str().unwrap().to_owned()
}

fn email(address: &str) -> impl Fn(Token) -> Token {
    move |token| token.with("email", json!(address))
}

fn person(sub: &str, address: &str) -> impl Fn(Token) -> Token {
    move |token| token.with("sub", json!(sub)).with("email", json!(address))
}

#[tokio::test]
async fn one_address_at_two_providers_and_here_is_three_people() {
    let scene = Scene::with(Settings {
        rest: "[sign_in]\npasswords = true\n",
        ..Settings::default()
    })
    .await;
    let password = scene.service.user("ana@example.com").await;
    let corp = user(&scene, "corp", |token| token).await;
    // The same `sub` at another issuer is somebody else, too.
    let partner = user(&scene, "partner", |token| token).await;
    assert_ne!(corp, partner);
    let users = scene.users().await;
    let ways: BTreeSet<String> = users
        .iter()
        .map(|user| user["providers"].to_string())
        .collect();
    assert_eq!(users.len(), 3);
    assert_eq!(
        ways,
        ["[\"corp\"]", "[\"partner\"]", "[]"]
            .map(str::to_owned)
            .into()
    );
    assert!(
        users.iter().all(|user| user["address_problem"].is_null()),
        "{users:?}"
    );
    // The user with the password still signs in with it.
    let mut browser = Browser::default();
    let who = ("ana@example.com", password.as_str());
    browser.code(&scene.service, &scene.wiki, who).await;
    // Each is the same person again.
    assert_eq!(user(&scene, "corp", |token| token).await, corp);
    assert_eq!(scene.users().await.len(), 3);
}

#[tokio::test]
async fn identities_join_by_address_only_if_both_providers_say_so() {
    for (corp, partner, joined) in [
        (LINKED, LINKED, true),
        (LINKED, "email_domains = [\"example.com\"]", false),
        ("email_domains = [\"example.com\"]", LINKED, false),
        (
            LINKED,
            "link_by_email = true\nemail_domains = [\"other.example\"]",
            false,
        ),
        ("", "", false),
    ] {
        let scene = Scene::with(Settings {
            corp,
            partner,
            rest: "[sign_in]\npasswords = true\n",
            ..Settings::default()
        })
        .await;
        // Never with a user who has a password.
        scene.service.user("ana@example.com").await;
        let first = user(&scene, "corp", person("c-1", "ana@example.com")).await;
        let second = user(&scene, "partner", person("p-1", "Ana@EXAMPLE.com")).await;
        assert_eq!(first == second, joined, "{corp} {partner}");
        assert_eq!(scene.users().await.len(), if joined { 2 } else { 3 });
    }
}

#[tokio::test]
async fn addresses_that_only_look_alike_join_nobody() {
    let scene = Scene::with(Settings {
        corp: LINKED,
        partner: LINKED,
        ..Settings::default()
    })
    .await;
    let ana = user(&scene, "corp", email("ana@example.com")).await;
    for (sub, address) in [
        ("1", "\u{430}na@example.com"),
        ("2", "ana@ex\u{430}mple.com"),
        ("3", "a.na@example.com"),
        ("4", "ana+x@example.com"),
        ("5", "ana@example.com.evil.example"),
        ("6", "ana@sub.example.com"),
    ] {
        let other = user(&scene, "partner", person(sub, address)).await;
        assert_ne!(other, ana, "{address}");
    }
    // These are no addresses at all.
    for address in [
        "\"ana\"@example.com",
        "ana@example.com@evil.example",
        "ana\u{200b}@example.com",
    ] {
        let mut browser = Browser::default();
        let response = scene
            .sign_in(&mut browser, "partner", person("7", address))
            .await;
        let (status, page) = refused(&browser, response).await;
        assert_eq!((status, reason(&page)), (403, "email_invalid"), "{address}");
    }
    // Several users with the address: none is chosen.
    let second = user(&scene, "corp", person("ana-2", "ana@example.com")).await;
    let third = user(&scene, "partner", person("p-1", "ana@example.com")).await;
    assert!(third != ana && third != second);
}

#[tokio::test]
async fn an_unverified_address_signs_nobody_in_and_stores_nothing() {
    let scene = Scene::new().await;
    for verified in [json!(false), json!("false"), json!(1), Value::Null] {
        let mut browser = Browser::default();
        let change = |token: Token| token.with("email_verified", verified.clone());
        let response = scene.sign_in(&mut browser, "corp", change).await;
        let (status, page) = refused(&browser, response).await;
        assert_eq!((status, reason(&page)), (403, "email_not_verified"));
    }
    assert!(scene.users().await.is_empty() && scene.sessions().await.is_empty());
}

#[tokio::test]
async fn an_address_that_another_provider_speaks_for_is_not_believed() {
    let scene = Scene::with(Settings {
        corp: "email_domains = [\"example.com\"]",
        wiki: json!({ "policy": [{ "email_domains": ["example.com"] }] }),
        ..Settings::default()
    })
    .await;
    // `partner` calls the address verified, and nobody asked it.
    let mut browser = Browser::default();
    let response = scene
        .sign_in(&mut browser, "partner", email("ceo@example.com"))
        .await;
    assert_eq!(response.status(), 403);
    assert!(
        browser.cookies.contains_key(SESSION),
        "signed in, and without access"
    );
    user(&scene, "corp", email("ceo@example.com")).await;
    // For everybody, the application does not get to know the address either.
    let chat = "https://chat.example.com";
    let audience = scene.service.application("chat", chat, json!({})).await;
    let attempt = crate::browser::Attempt {
        origin: chat.to_owned(),
        ..crate::browser::Attempt::at(&audience)
    };
    let response = browser.get(&scene.service, &attempt.path()).await;
    let code = crate::browser::code_of(&response, &attempt);
    let mut body = crate::browser::exchange(&code);
    body["origin"] = json!(chat);
    let answer = scene
        .service
        .post(&scene.credential, "exchange", body)
        .await;
    let answer: Value = answer.json().await.unwrap();
    let claims = answer["token"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap()
        .to_owned();
    let claims = portcullis::protocol::base64url::decode(claims.as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["email"], "");
}

#[tokio::test]
async fn a_provider_speaks_for_its_own_domains_only() {
    let scene = Scene::with(Settings {
        corp: "email_domains = [\"example.com\"]",
        wiki: json!({ "policy": [{ "email_domains": ["other.example"] }] }),
        ..Settings::default()
    })
    .await;
    let mut browser = Browser::default();
    let response = scene
        .sign_in(&mut browser, "corp", email("ana@other.example"))
        .await;
    assert_eq!(response.status(), 403);
    // A provider without domains speaks for those that no other has.
    user(&scene, "partner", email("bob@other.example")).await;
}

#[tokio::test]
async fn a_user_whose_address_changes_stays_the_same() {
    let scene = Scene::new().await;
    let before = user(&scene, "corp", email("ana@example.com")).await;
    let after = user(&scene, "corp", email("ana.perez@example.com")).await;
    assert_eq!(before, after);
    let users = scene.users().await;
    assert_eq!(users[0]["email"], "ana.perez@example.com");
    // A sign-in without an address leaves none, and nobody is selected by "none".
    user(&scene, "corp", |token| {
        token.without("email").without("email_verified")
    })
    .await;
    let (status, _) = scene
        .service
        .administer("/revocations/user", json!({ "email": "" }))
        .await;
    assert!(status.is_client_error());
    assert_eq!(scene.sessions().await.len(), 3);
}

#[tokio::test]
async fn s11_a_disabled_user_is_refused_and_is_the_same_when_enabled() {
    let scene = Scene::with(Settings {
        corp: LINKED,
        partner: LINKED,
        ..Settings::default()
    })
    .await;
    let ana = user(&scene, "corp", |token| token).await;
    let id = json!({ "email": "ana@example.com" });
    scene.service.done("/users/disable", id.clone()).await;
    assert!(scene.sessions().await.is_empty());
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    let (status, page) = refused(&browser, response).await;
    assert!(
        status == 403 && page.contains("Your account is disabled"),
        "{page}"
    );
    // Neither a new address nor another provider that is linked by the same one helps.
    for (provider, person) in [
        ("corp", person("ana", "new@example.com")),
        ("partner", person("p-1", "ana@example.com")),
    ] {
        let response = scene.sign_in(&mut browser, provider, person).await;
        let (status, page) = refused(&browser, response).await;
        assert!(
            status == 403 && page.contains("Your account is disabled"),
            "{provider}: {page}"
        );
    }
    let disabled = scene.users().await;
    assert_eq!(disabled.len(), 1, "{disabled:?}");
    assert_eq!(disabled[0]["email"], "ana@example.com", "nothing changed");
    assert_eq!(disabled[0]["providers"], json!(["corp"]));
    scene.service.done("/users/enable", id).await;
    assert_eq!(user(&scene, "corp", |token| token).await, ana);
    let linked = person("p-1", "ana@example.com");
    assert_eq!(user(&scene, "partner", linked).await, ana);
}

#[tokio::test]
async fn s11_a_revoked_user_waits_and_signs_in_again() {
    let scene = Scene::new().await;
    let ana = user(&scene, "corp", |token| token).await;
    let whom = json!({ "email": "ana@example.com" });
    scene.service.done("/revocations/user", whom).await;
    let mut browser = Browser::default();
    let response = scene.sign_in(&mut browser, "corp", |token| token).await;
    let (status, page) = refused(&browser, response).await;
    assert!(
        status == 403 && page.contains("You cannot sign in right now"),
        "{page}"
    );
    scene.service.clock.advance(61);
    assert_eq!(user(&scene, "corp", |token| token).await, ana);
}

#[tokio::test]
async fn many_sign_ins_of_one_new_person_at_once_make_one_user() {
    let scene = Scene::new().await;
    let mut browsers = vec![Browser::default(); 8];
    let mut trips = Vec::new();
    for (number, browser) in browsers.iter_mut().enumerate() {
        let trip = scene.go(browser, "corp").await;
        scene
            .corp
            .redeems(&format!("code-{number}"), &scene.token(&trip));
        trips.push(trip);
    }
    let service = &scene.service;
    let answers =
        browsers
            .iter_mut()
            .zip(&trips)
            .enumerate()
            .map(|(number, (browser, trip))| async move {
                browser
                    .get(service, &trip.callback(&format!("code-{number}")))
                    .await
                    .status()
            });
    for status in futures_util::future::join_all(answers).await {
        assert_eq!(status, 302);
    }
    assert_eq!(
        (scene.users().await.len(), scene.sessions().await.len()),
        (1, 8)
    );
}

#[tokio::test]
async fn a_user_of_a_provider_has_no_password_here() {
    let scene = Scene::with_corp("email_domains = [\"example.com\"]").await;
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    let page = browser
        .get(&scene.service, "/password")
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("You sign in with The corp"), "{page}");
    let page = browser.get(&scene.service, "/logout").await;
    let page = page.text().await.unwrap();
    let fields = [
        (
            "csrf_token",
            between(&page, "name=\"csrf_token\" value=\"", "\""),
        ),
        ("old_password", "x"),
        ("new_password", "a long new password"),
        ("new_password_again", "a long new password"),
    ];
    let response = browser.post(&scene.service, "/password", &fields).await;
    assert_eq!(response.status(), 403);
    let page = response.text().await.unwrap();
    assert!(page.contains("You sign in with The corp"), "{page}");
    let set = json!({ "email": "ana@example.com" });
    let (status, _) = scene.service.administer("/users/password", set).await;
    assert!(status.is_client_error());
}
