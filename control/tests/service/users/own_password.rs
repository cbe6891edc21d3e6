//! `/password`: people change their own password.

use portcullis_control::audit::source::Source;
use portcullis_control::sign_in::own_password::{self, ChangeOutcome, OwnPasswordChange};
use portcullis_control::sign_in::password_hash::PasswordHash;
use portcullis_control::storage::{PasswordAccount, PasswordChange};
use reqwest::{Response, StatusCode};
use serde_json::json;

use super::ANA;
use crate::browser::{Attempt, Browser, between};
use crate::harness::{Service, tester};

const NEW: &str = "a much better one";

async fn signed_in(service: &Service, password: &str) -> Browser {
    let mut browser = Browser::default();
    let response = browser.sign_in(service, "/login", (ANA, password)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    browser
}

/// Fills in and sends the form.
async fn change(
    service: &Service,
    browser: &mut Browser,
    (old, new, again): (&str, &str, &str),
    end_others: bool,
) -> Response {
    let mut fields = vec![
        ("old_password", old),
        ("new_password", new),
        ("new_password_again", again),
    ];
    fields.extend(end_others.then_some(("end_others", "yes")));
    browser.submit(service, "/password", &fields).await
}

async fn is_signed_in(service: &Service, browser: &mut Browser) -> bool {
    browser.get(service, "/sessions").await.status() == StatusCode::OK
}

#[tokio::test]
async fn the_page_asks_for_a_sign_in_and_is_linked() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    let response = browser.get(&service, "/password").await;
    let login = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(login, "/login?return_to=%2Fpassword");
    let response = browser.sign_in(&service, &login, (ANA, &password)).await;
    assert_eq!(response.headers()["location"], "/password");
    let page = browser
        .get(&service, "/password")
        .await
        .text()
        .await
        .unwrap();
    for part in [
        "autocomplete=\"username\"",
        "autocomplete=\"current-password\"",
        "autocomplete=\"new-password\"",
        "minlength=\"8\"",
        "value=\"yes\" checked",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let sessions = browser.get(&service, "/sessions").await;
    assert!(
        sessions
            .text()
            .await
            .unwrap()
            .contains("href=\"/password\"")
    );
}

#[tokio::test]
async fn a_changed_password_ends_other_sessions_and_not_this_one() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut others = Vec::new();
    for _ in 0..2 {
        others.push(signed_in(&service, &password).await);
    }
    let mut this = signed_in(&service, &password).await;

    let response = change(&service, &mut this, (&password, NEW, NEW), true).await;

    assert_eq!(response.status(), StatusCode::OK);
    let page = response.text().await.unwrap();
    assert!(page.contains("2 other sessions have ended."), "{page}");
    assert!(is_signed_in(&service, &mut this).await);
    for other in &mut others {
        assert!(!is_signed_in(&service, other).await);
    }
    let old = (ANA, password.as_str());
    let refused = Browser::default().sign_in(&service, "/login", old).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    signed_in(&service, NEW).await;
}

#[tokio::test]
async fn other_sessions_live_on_if_the_box_is_not_checked() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut other = signed_in(&service, &password).await;
    let mut this = signed_in(&service, &password).await;
    let response = change(&service, &mut this, (&password, NEW, NEW), false).await;
    let page = response.text().await.unwrap();
    assert!(page.contains("No other session was ended."), "{page}");
    assert!(is_signed_in(&service, &mut other).await);
    signed_in(&service, NEW).await;
}

#[tokio::test]
async fn mistakes_are_explained_and_change_nothing() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut other = signed_in(&service, &password).await;
    let mut this = signed_in(&service, &password).await;
    let long = "x".repeat(1025);
    for (passwords, status, says) in [
        (("wrong one", NEW, NEW), 401, "current password is wrong"),
        ((&*password, NEW, "another one"), 422, "not the same"),
        ((&*password, "short", "short"), 422, "at least 8 characters"),
        ((&*password, &*long, &*long), 422, "at most 1024 bytes"),
        (
            (&*password, &*password, &*password),
            422,
            "is the current one",
        ),
    ] {
        let response = change(&service, &mut this, passwords, true).await;
        assert_eq!(response.status(), status, "{says}");
        let page = response.text().await.unwrap();
        assert!(page.contains(says), "{says} in {page}");
        assert!(!page.contains(passwords.0) && !page.contains(passwords.1));
    }
    assert!(is_signed_in(&service, &mut other).await);
    signed_in(&service, &password).await;
}

#[tokio::test]
async fn an_unlocked_browser_does_not_guess_the_old_password() {
    let service = Service::start_with("[sign_in]\nfailures_per_email = 3\n").await;
    let password = service.user(ANA).await;
    let mut browser = signed_in(&service, &password).await;
    // Of the browser, and of its network, which count for strangers as well.
    for _ in 0..3 * 2 {
        let guess = change(&service, &mut browser, ("a guess", NEW, NEW), true).await;
        assert_eq!(guess.status(), StatusCode::UNAUTHORIZED);
    }
    let right = change(&service, &mut browser, (&password, NEW, NEW), true).await;
    assert_eq!(right.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = right.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    // The same allowance as at the sign-in.
    let who = (ANA, password.as_str());
    let sign_in = Browser::default().sign_in(&service, "/login", who).await;
    assert_eq!(sign_in.status(), StatusCode::TOO_MANY_REQUESTS);
    service.clock.advance(wait);
    let right = change(&service, &mut browser, (&password, NEW, NEW), true).await;
    assert_eq!(right.status(), StatusCode::OK);
}

#[tokio::test]
async fn other_sites_and_strangers_change_no_password() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut ana = signed_in(&service, &password).await;
    let page = ana.get(&service, "/password").await.text().await.unwrap();
    let token = between(&page, "csrf_token\" value=\"", "\"");
    let fields = |token: &'static str| {
        [
            ("csrf_token", token.to_owned()),
            ("old_password", password.clone()),
            ("new_password", NEW.to_owned()),
            ("new_password_again", NEW.to_owned()),
        ]
    };
    for origin in [None, Some("https://evil.example")] {
        let mut request = service.http.post(service.page("/password"));
        request = request.form(&fields("x"));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = ana.send(request).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
    let mut stranger = Browser::default();
    let name = "__Host-access_signin".to_owned();
    let value = ana.cookies[&name].clone();
    stranger.cookies.insert(name, value);
    let form = [
        ("csrf_token", token),
        ("old_password", &password),
        ("new_password", NEW),
        ("new_password_again", NEW),
    ];
    let response = stranger.post(&service, "/password", &form).await;
    let location = response.headers()["location"].to_str().unwrap();
    assert!(location.starts_with("/login"));
    let incomplete = [("csrf_token", token)];
    let response = ana.post(&service, "/password", &incomplete).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    signed_in(&service, &password).await;
}

/// Changes the password in storage, as of a check that came before.
async fn change_late(service: &Service, account: &PasswordAccount, session: &str) -> bool {
    let new = PasswordHash::new("late".to_owned());
    let change = PasswordChange {
        user_id: &account.id,
        email: &account.email,
        old: &account.password_hash,
        new: &new,
        session,
        end_others: None,
        now: service.running.service.now(),
    };
    let storage = &service.running.service.storage;
    storage
        .change_password(&change, &tester())
        .await
        .unwrap()
        .is_some()
}

/// The user's account and the id of their only session.
async fn account(service: &Service) -> (PasswordAccount, String) {
    let storage = &service.running.service.storage;
    let account = storage.password_account(ANA, "").await.unwrap().unwrap();
    let listed = service.listed("/api/admin/v1/sessions").await;
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    (account, id)
}

#[tokio::test]
async fn a_change_uses_the_password_that_was_checked() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    signed_in(&service, &password).await;
    let (checked, session) = account(&service).await;
    assert!(change_late(&service, &checked, &session).await, "unchanged");
    // An administrator was faster.
    let (checked, session) = account(&service).await;
    service
        .done(
            "/users/password",
            json!({ "email": ANA, "keep_sessions": true }),
        )
        .await;
    assert!(!change_late(&service, &checked, &session).await);
}

#[tokio::test]
async fn a_session_that_was_ended_changes_no_password() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = signed_in(&service, &password).await;
    let (checked, session) = account(&service).await;
    browser.submit(&service, "/logout", &[]).await;
    assert!(
        !change_late(&service, &checked, &session).await,
        "signed out"
    );
}

#[tokio::test]
async fn a_revoked_user_changes_no_password() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    signed_in(&service, &password).await;
    let (checked, session) = account(&service).await;
    service
        .done("/revocations/user", json!({ "email": ANA }))
        .await;
    assert!(!change_late(&service, &checked, &session).await);
}

#[tokio::test]
async fn copies_of_the_cookie_end_with_the_other_sessions() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut this = signed_in(&service, &password).await;
    let mut thief = Browser {
        cookies: this.cookies.clone(),
        ..Browser::default()
    };
    let response = change(&service, &mut this, (&password, NEW, NEW), true).await;
    let page = response.text().await.unwrap();
    assert!(page.contains("No other session was ended."), "{page}");
    assert!(!is_signed_in(&service, &mut thief).await);
    assert!(is_signed_in(&service, &mut this).await);
}

#[tokio::test]
async fn applications_hear_of_ended_sessions() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut other = Browser::default();
    other.code(&service, &attempt, (ANA, &password)).await;
    let mut this = signed_in(&service, &password).await;
    change(&service, &mut this, (&password, NEW, NEW), true).await;
    let form = other.get(&service, &attempt.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");
    let feed = service.http.get(service.call("feed"));
    let feed = feed.bearer_auth(service.credential(&[]).await);
    let feed: serde_json::Value = feed.send().await.unwrap().json().await.unwrap();
    assert_eq!(feed["revocations"]["put"][0][0], "session");
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_is_no_wrong_password() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = signed_in(&service, &password).await;
    let (_, id) = account(&service).await;
    let inner = &service.running.service;
    let refusals = inner.keys().await.unwrap().refusals();
    let session = inner.storage.session(&id, refusals, inner.now()).await;
    let session = session.unwrap().unwrap();
    browser.submit(&service, "/logout", &[]).await;
    let plain = |text: &str| serde_json::from_value(json!(text)).unwrap();
    let change = OwnPasswordChange {
        old: plain(&password),
        new: plain(NEW),
        again: plain(NEW),
        end_others: false,
    };
    let client = std::net::Ipv4Addr::LOCALHOST.into();
    let outcome = own_password::change(inner, &session, change, client, Source::default()).await;
    assert!(
        matches!(outcome, Ok(ChangeOutcome::SessionEnded)),
        "{outcome:?}"
    );
    signed_in(&service, &password).await;
}
