//! Answers that do not belong to this browser, this attempt or this provider.

use reqwest::StatusCode;
use serde_json::json;

use super::{PENDING, SESSION, Scene, callback, reason, refused};
use crate::browser::{Browser, code_of};

const LOST: (u16, &str) = (400, "provider_state_unknown");

async fn is_lost(scene: &Scene, browser: &mut Browser, path: &str) {
    let calls = scene.corp.count("token");
    let response = browser.get(&scene.service, path).await;
    let (status, page) = refused(browser, response).await;
    assert_eq!((status, reason(&page)), LOST, "{path}");
    assert_eq!(
        scene.corp.count("token"),
        calls,
        "nothing is asked of the provider"
    );
}

#[tokio::test]
async fn a_forged_foreign_or_missing_state_signs_nobody_in() {
    let scene = Scene::new().await;
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let own = scene.go(&mut victim, "corp").await;
    let foreign = scene.go(&mut attacker, "corp").await;
    scene.corp.redeems("the-code", &scene.token(&foreign));
    let code = ("code", "the-code");
    let iss = ("iss", &*own.issuer);
    // Login CSRF: the attacker's own answer, in the victim's browser.
    is_lost(&scene, &mut victim, &foreign.callback("the-code")).await;
    is_lost(&scene, &mut victim, &callback("corp", &[code, iss])).await;
    let (id, rest) = own.state().split_once('.').unwrap();
    let (mac, place) = rest.split_once('.').unwrap();
    let (foreign_id, foreign_rest) = foreign.state().split_once('.').unwrap();
    let foreign_place = foreign_rest.split_once('.').unwrap().1;
    let guess = "A".repeat(43);
    for forged in [
        String::new(),
        id.to_owned(),
        format!("{id}."),
        format!("{id}.{mac}"),
        format!("{id}.{guess}.{place}"),
        format!("{id}.{mac}.{foreign_place}"),
        format!("{foreign_id}.{mac}.{place}"),
        format!("{id}.{rest}x"),
        format!("{id}..{place}"),
        format!(" {id}.{rest}"),
        "x".repeat(9_000),
    ] {
        let path = callback("corp", &[("state", &forged), code, iss]);
        is_lost(&scene, &mut victim, &path).await;
    }
    // The victim's own attempt is untouched by all that.
    let token = scene.token(&own);
    let response = scene.come_back(&mut victim, &own, &token).await;
    assert_eq!(scene.claims(&response).await["email"], "ana@example.com");
}

#[tokio::test]
async fn a_state_is_used_once() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    let mut replayed = browser.clone();
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    code_of(&response, &scene.wiki);
    let calls = scene.corp.count("token");
    // With the cookie of before, as a second request at the same time would have it.
    is_lost(&scene, &mut replayed, &trip.callback("another-code")).await;
    assert_eq!(scene.corp.count("token"), calls);
}

#[tokio::test]
async fn two_answers_at_once_ask_the_provider_once() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let trip = scene.go(&mut browser, "corp").await;
    scene.corp.redeems("the-code", &scene.token(&trip));
    let (mut one, mut other) = (browser.clone(), browser);
    let path = trip.callback("the-code");
    let (first, second) = tokio::join!(
        one.get(&scene.service, &path),
        other.get(&scene.service, &path)
    );
    let signed_in = [&first, &second].map(|response| response.status().is_redirection());
    assert_eq!(signed_in.iter().filter(|signed_in| **signed_in).count(), 1);
    assert_eq!(scene.corp.count("token"), 1);
}

#[tokio::test]
async fn a_code_of_one_provider_is_refused_at_the_callback_of_another() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    // The browser believes to be at `partner`, which hands it the answer of `corp`.
    let corp = scene.go(&mut browser, "corp").await;
    let partner = scene.go(&mut browser, "partner").await;
    scene.corp.redeems("the-code", &scene.token(&corp));
    let at = |provider: &str, state: &str, iss: &str| {
        callback(
            provider,
            &[("state", state), ("code", "the-code"), ("iss", iss)],
        )
    };
    is_lost(
        &scene,
        &mut browser,
        &at("partner", corp.state(), &corp.issuer),
    )
    .await;
    is_lost(
        &scene,
        &mut browser,
        &at("partner", corp.state(), &partner.issuer),
    )
    .await;
    // With the right state, `iss` gives it away (RFC 9207), or that it is missing.
    let response = browser
        .get(
            &scene.service,
            &at("partner", partner.state(), &corp.issuer),
        )
        .await;
    let (status, page) = refused(&browser, response).await;
    assert_eq!((status, reason(&page)), (502, "provider_issuer_mismatch"));
    let partner = scene.go(&mut browser, "partner").await;
    let fields = [("state", partner.state()), ("code", "the-code")];
    let response = browser
        .get(&scene.service, &callback("partner", &fields))
        .await;
    let (_, page) = refused(&browser, response).await;
    assert_eq!(reason(&page), "provider_issuer_mismatch");
    assert_eq!(scene.partner.count("token"), 0, "the code went nowhere");
}

#[tokio::test]
async fn a_code_of_another_provider_without_iss_goes_to_the_provider_of_the_attempt_only() {
    let scene = Scene::new().await;
    for provider in [&scene.corp, &scene.partner] {
        let mut script = provider.script();
        script.discovery["authorization_response_iss_parameter_supported"] = json!(false);
    }
    let mut browser = Browser::default();
    let corp = scene.go(&mut browser, "corp").await;
    let partner = scene.go(&mut browser, "partner").await;
    scene.corp.redeems("the-code", &scene.token(&corp));
    let mixed = callback("partner", &[("state", corp.state()), ("code", "the-code")]);
    is_lost(&scene, &mut browser, &mixed).await;
    assert_eq!(
        scene.partner.count("token"),
        0,
        "the code of corp is not told to partner"
    );
    let injected = callback(
        "partner",
        &[("state", partner.state()), ("code", "the-code")],
    );
    let response = browser.get(&scene.service, &injected).await;
    let (_, page) = refused(&browser, response).await;
    assert_eq!(reason(&page), "provider_refused");
}

#[tokio::test]
async fn a_code_that_is_injected_into_another_browser_signs_nobody_in() {
    let scene = Scene::new().await;
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let of_victim = scene.go(&mut victim, "corp").await;
    let of_attacker = scene.go(&mut attacker, "corp").await;
    // A provider that ignores PKCE still puts the nonce of the victim's attempt into the token.
    scene.corp.redeems("stolen", &scene.token(&of_victim));
    let response = attacker
        .get(&scene.service, &of_attacker.callback("stolen"))
        .await;
    let (status, page) = refused(&attacker, response).await;
    assert_eq!((status, reason(&page)), (502, "id_token_invalid"));
    let sent = &scene.corp.last("token").form["code_verifier"];
    let challenge = portcullis::protocol::login::challenge(sent);
    assert_ne!(
        challenge, of_victim.query["code_challenge"],
        "a provider with PKCE refuses earlier"
    );
    assert!(scene.users().await.is_empty());
}

#[tokio::test]
async fn a_nonce_is_good_for_one_attempt() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let first = scene.go(&mut browser, "corp").await;
    let token = scene.token(&first);
    let response = scene.come_back(&mut browser, &first, &token).await;
    assert!(response.status().is_redirection());
    let mut other = Browser::default();
    let second = scene.go(&mut other, "corp").await;
    let response = scene.come_back(&mut other, &second, &token).await;
    let (_, page) = refused(&other, response).await;
    assert_eq!(reason(&page), "id_token_invalid");
}

#[tokio::test]
async fn planted_cookies_neither_fix_a_session_nor_sign_in() {
    let scene = Scene::new().await;
    let mut attacker = Browser::default();
    let response = scene
        .sign_in(&mut attacker, "corp", |token| {
            token.with("sub", json!("eve"))
        })
        .await;
    assert!(response.status().is_redirection());
    let planted = attacker.cookies[SESSION].clone();
    // The victim signs in with the attacker's session, form secret and made-up attempts.
    let mut victim = attacker.clone();
    for made_up in ["x", "sealed1.x.y", "sealed1..", ""] {
        victim
            .cookies
            .insert(format!("{PENDING}0a1b2c3d"), made_up.to_owned());
        let forged = callback("corp", &[("state", "0a1b2c3d.x.y"), ("code", "c")]);
        let response = victim.get(&scene.service, &forged).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
    let path = format!("{}&other_account=true", scene.path("corp"));
    let response = victim.get(&scene.service, &path).await;
    let trip = scene.trip(&response, "corp");
    let token = scene
        .token(&trip)
        .with("auth_time", json!(scene.service.clock_now()));
    let response = scene.come_back(&mut victim, &trip, &token).await;
    assert!(response.status().is_redirection());
    assert_ne!(victim.cookies[SESSION], planted);
    // The attacker's session has ended, and is nobody else's.
    let sessions = scene.sessions().await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    attacker.cookies.insert(SESSION.to_owned(), planted);
    let page = attacker.get(&scene.service, &scene.wiki.path()).await;
    assert_eq!(
        page.status(),
        StatusCode::OK,
        "the page that asks to sign in"
    );
}

#[tokio::test]
async fn every_sign_in_begins_a_new_session() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        browser.cookies.remove(SESSION);
        let response = scene.sign_in(&mut browser, "corp", |token| token).await;
        let claims = scene.claims(&response).await;
        ids.insert(claims["sid"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn many_failed_sign_ins_of_one_client_wait_and_good_ones_do_not() {
    let scene = Scene::new().await;
    let mut browser = Browser::default();
    for _ in 0..120 {
        let trip = scene.go(&mut browser, "corp").await;
        let response = browser.get(&scene.service, &trip.callback("wrong")).await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    }
    let trip = scene.go(&mut browser, "corp").await;
    let calls = scene.corp.count("token");
    let response = browser.get(&scene.service, &trip.callback("wrong")).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(scene.corp.count("token"), calls);
    // The attempt is still there when the wait is over.
    scene.service.clock.advance(60);
    let token = scene.token(&trip);
    let response = scene.come_back(&mut browser, &trip, &token).await;
    code_of(&response, &scene.wiki);
    for _ in 0..130 {
        browser.cookies.remove(SESSION);
        let response = scene.sign_in(&mut browser, "corp", |token| token).await;
        assert!(response.status().is_redirection());
    }
}
