//! `--fresh-login`: who signed in before must do so again, for that application.

use std::collections::BTreeSet;

use portcullis::protocol::feed::FeedPage;
use portcullis::time::UnixSeconds;
use portcullis_control::storage::{NewCode, ShownSignIn};
use portcullis_control::tokens::secret::Plain;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, between, code_of, exchange};
use crate::harness::{Service, WIKI, problem};

const ANA: &str = "ana@example.com";

struct Scene {
    service: Service,
    password: String,
    wiki: Attempt,
    chat: Attempt,
    browser: Browser,
}

/// Ana is signed in, at the application `wiki` and beside `chat`.
async fn scene() -> Scene {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let wiki = Attempt::at(&service.wiki(json!({})).await);
    let origin = "https://chat.example.com";
    let chat = Attempt {
        origin: origin.to_owned(),
        ..Attempt::at(&service.application("chat", origin, json!({})).await)
    };
    let mut browser = Browser::default();
    browser.code(&service, &wiki, (ANA, &password)).await;
    Scene {
        service,
        password,
        wiki,
        chat,
        browser,
    }
}

async fn revoke(service: &Service, fresh_login: bool) -> u64 {
    let body = json!({ "name": "wiki", "fresh_login": fresh_login });
    let answer = service.done("/revocations/application", body).await;
    answer["version"].as_u64().unwrap()
}

async fn versions(service: &Service, code: &str) -> (u64, u64) {
    let credential = service.credential(&[]).await;
    let answer = service.post(&credential, "exchange", exchange(code)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = answer.json().await.unwrap();
    let claims = answer["token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = portcullis::protocol::base64url::decode(claims.as_bytes()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let number = |name: &str| claims[name].as_u64().unwrap();
    (number("ver"), number("auth_ver"))
}

#[tokio::test]
async fn b05_a_fresh_login_is_demanded_for_one_application_only() {
    let mut s = scene().await;
    let version = revoke(&s.service, true).await;
    let form = s.browser.get(&s.service, &s.wiki.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");
    let text = form.text().await.unwrap();
    assert!(text.contains("requires a new sign-in") && text.contains(&format!("value=\"{ANA}\"")));
    let response = s.browser.get(&s.service, &s.chat.path()).await;
    code_of(&response, &s.chat);

    // The wrong password helps nobody.
    let wrong = s
        .browser
        .sign_in(&s.service, &s.wiki.path(), (ANA, "wrong one"))
        .await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let text = wrong.text().await.unwrap();
    assert!(
        text.contains("Wrong e-mail address or password")
            && text.contains("requires a new sign-in")
    );
    let form = s.browser.get(&s.service, &s.wiki.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");

    let who = (ANA, s.password.as_str());
    let code = s.browser.code(&s.service, &s.wiki, who).await;
    let (ver, auth_ver) = versions(&s.service, &code).await;
    assert!(ver >= version && auth_ver >= version);
    let response = s.browser.get(&s.service, &s.wiki.path()).await;
    code_of(&response, &s.wiki);
    let (_, page) = s.service.over_socket(Method::GET, "sessions").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "no leftover");
}

#[tokio::test]
async fn a_plain_revocation_demands_none_and_lifts_none() {
    let mut s = scene().await;
    revoke(&s.service, false).await;
    let response = s.browser.get(&s.service, &s.wiki.path()).await;
    code_of(&response, &s.wiki);
    revoke(&s.service, true).await;
    revoke(&s.service, false).await;
    let form = s.browser.get(&s.service, &s.wiki.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "still the form");
}

#[tokio::test]
async fn a_copied_cookie_gains_nothing_by_its_owners_fresh_login() {
    let mut s = scene().await;
    let mut thief = s.browser.clone();
    revoke(&s.service, true).await;
    let who = (ANA, s.password.as_str());
    s.browser.code(&s.service, &s.wiki, who).await;
    let form = thief.get(&s.service, &s.wiki.path()).await;
    assert_eq!(form.status(), StatusCode::OK, "the form");
}

#[tokio::test]
async fn an_exchange_for_an_older_sign_in_is_refused() {
    let s = scene().await;
    let credential = s.service.credential(&[]).await;
    let (_, page) = s.service.over_socket(Method::GET, "sessions").await;
    let session_id = page["items"][0]["id"].as_str().unwrap();
    let version = revoke(&s.service, true).await;
    // As if it had been issued in the moment of the revocation.
    for (text, auth_ver) in [("late", u64::MAX), ("later", version - 1)] {
        let code = NewCode {
            hash: Plain::new(text.to_owned()).hashed(),
            shown: ShownSignIn {
                key_refusals: 0,
                session_id: session_id.to_owned(),
                auth_time: UnixSeconds::new(s.service.clock_now()),
                auth_ver,
                session_end: UnixSeconds::new(u64::MAX),
            },
            audience: s.wiki.app.clone(),
            origin: WIKI.to_owned(),
            challenge: s.wiki.challenge.clone(),
            return_to: "/".to_owned(),
            expires_at: UnixSeconds::new(s.service.clock_now() + 60),
        };
        let storage = &s.service.running.service.storage;
        assert!(storage.add_code(&code).await.unwrap());
        let answer = s
            .service
            .post(&credential, "exchange", exchange(text))
            .await;
        assert_eq!(problem(answer).await, (403, "login_required".into()));
    }
}

#[tokio::test]
async fn snapshot_and_changes_tell_the_same_of_plain_and_fresh() {
    let s = scene().await;
    let credential = s.service.credential(&[]).await;
    let page = async |query: &[(&str, &str)]| -> FeedPage {
        let request = s.service.http.get(s.service.call("feed")).query(query);
        let response = request.bearer_auth(&credential).send().await.unwrap();
        response.json().await.unwrap()
    };
    let start = page(&[]).await;
    let mut expected = BTreeSet::new();
    for fresh in [true, false, true, false, false] {
        let version = revoke(&s.service, fresh).await;
        expected.retain(|(kind, _)| *kind != fresh);
        expected.insert((fresh, version));
    }
    let told = |page: &FeedPage| -> BTreeSet<(bool, u64)> {
        let put = page.revocations.put.iter();
        put.map(|one| (one.fresh, one.version)).collect()
    };
    let after = start.version.to_string();
    let changes = page(&[("epoch", &start.epoch), ("after", &after)]).await;
    assert_eq!(told(&changes), expected);
    assert_eq!(told(&page(&[]).await), expected);

    // In pages of one item, too.
    let (mut got, mut next) = (BTreeSet::new(), None::<String>);
    loop {
        let mut query = vec![("limit", "1")];
        query.extend(next.as_deref().map(|next| ("next", next)));
        let piece = page(&query).await;
        got.extend(told(&piece));
        next = piece.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(got, expected);
}

#[tokio::test]
async fn somebody_else_can_sign_in_at_the_form_of_a_fresh_login() {
    let mut s = scene().await;
    let bob = s.service.user("bob@example.com").await;
    revoke(&s.service, true).await;
    let form = s.browser.get(&s.service, &s.wiki.path()).await;
    let form = form.text().await.unwrap();
    let token = between(&form, "csrf_token\" value=\"", "\"");
    let fields = [
        ("email", "bob@example.com"),
        ("password", &bob),
        ("csrf_token", token),
    ];
    let response = s.browser.post(&s.service, &s.wiki.path(), &fields).await;
    code_of(&response, &s.wiki);
    let (_, page) = s.service.over_socket(Method::GET, "sessions").await;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["user"], "bob@example.com");
}
