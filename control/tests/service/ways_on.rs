//! Pages that tell people about trouble: each says what to do, and offers it first.

use reqwest::{StatusCode, Url};
use serde_json::json;

use crate::browser::{Attempt, Browser, between, unescape};
use crate::harness::{Service, WIKI};

const ANA: &str = "ana@example.com";

/// The page's links that look like buttons, in order: text and target.
fn offers(page: &str) -> Vec<(String, String)> {
    page.split("<a class=\"act")
        .skip(1)
        .map(|link| {
            let text = between(link, ">", "</a>").to_owned();
            (text, unescape(between(link, "href=\"", "\"")))
        })
        .collect()
}

fn pair(text: &str, target: &str) -> (String, String) {
    (text.to_owned(), target.to_owned())
}

async fn text(response: reqwest::Response) -> String {
    response.text().await.unwrap()
}

#[tokio::test]
async fn s13_a_blocked_user_sees_when_and_where_to_try_again() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let user = json!({ "email": ANA });
    service.done("/revocations/user", user).await;
    for (path, again) in [
        (attempt.path(), "https://wiki.example.com/page?x=1"),
        ("/login".to_owned(), "/login"),
    ] {
        let mut browser = Browser::default();
        let blocked = browser.sign_in(&service, &path, (ANA, &password)).await;
        assert_eq!(blocked.status(), StatusCode::FORBIDDEN);
        let wait = blocked.headers()["retry-after"].to_str().unwrap();
        let counted = format!("<p data-wait=\"{wait}\">You can try again at ");
        let page = text(blocked).await;
        assert!(page.contains(&counted), "{page}");
        assert!(page.contains("src=\"/assets/wait.js\""), "{page}");
        let clock = between(&page, "try again at ", ".</p>");
        assert!(clock.ends_with(" UTC") && clock.len() == "16:13:00 UTC".len());
        assert!(!page.contains("data-auto"), "{page}");
        assert_eq!(offers(&page), [pair("Try again", again)]);
    }
}

#[tokio::test]
async fn a_disabled_user_may_use_another_account() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    service
        .done("/users/disable", json!({ "email": ANA }))
        .await;
    let mut browser = Browser::default();
    let path = attempt.path();
    let refused = browser.sign_in(&service, &path, (ANA, &password));
    let page = text(refused.await).await;
    assert!(page.contains("The account ana@example.com cannot sign in."));
    let offers = offers(&page);
    assert_eq!(offers[0].0, "Use another account");
    let form = browser.get(&service, &offers[0].1).await;
    assert!(text(form).await.contains("to wiki"), "the same attempt");
}

#[tokio::test]
async fn s07_no_access_names_both_and_offers_another_account_first() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let bob = json!({ "policy": [{ "emails": ["bob@example.com"] }] });
    let attempt = Attempt::at(&service.wiki(bob).await);
    let mut browser = Browser::default();
    let path = attempt.path();
    let denied = browser.sign_in(&service, &path, (ANA, &password));
    let page = text(denied.await).await;
    assert!(page.contains("<h1>You have no access to wiki</h1>"));
    assert!(page.contains("signed in as ana@example.com"));
    let offers = offers(&page);
    let texts: Vec<&str> = offers.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["Use another account", "Your applications"]);
    assert!(!page.contains("<button"), "{page}");
    let bob_password = service.user("bob@example.com").await;
    let who = ("bob@example.com", bob_password.as_str());
    let response = browser.sign_in(&service, &offers[0].1, who).await;
    let callback = response.headers()["location"].to_str().unwrap();
    assert!(callback.starts_with("https://wiki.example.com/.access/callback?code="));
}

#[tokio::test]
async fn a_broken_link_is_explained_in_words_and_leads_to_a_good_one() {
    let service = Service::start().await;
    let audience = service.wiki(json!({})).await;
    let good = Attempt::at(&audience);
    let broken = |change: fn(&mut Attempt)| {
        let mut attempt = good.clone();
        change(&mut attempt);
        attempt.path()
    };
    let again = "https://wiki.example.com/.access/login?return_to=%2Fpage%3Fx%3D1";
    for (path, reason, offer) in [
        (
            broken(|attempt| attempt.challenge.clear()),
            "code_challenge",
            pair("Sign in to wiki", again),
        ),
        (
            broken(|attempt| attempt.state = "a b".to_owned()),
            "state",
            pair("Sign in to wiki", again),
        ),
        (
            broken(|attempt| attempt.origin = "https://evil.example".to_owned()),
            "origin",
            pair("Go to the start page", "/"),
        ),
        (
            broken(|attempt| attempt.app = "x".to_owned()),
            "app",
            pair("Go to the start page", "/"),
        ),
    ] {
        let response = Browser::default().get(&service, &path).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let page = text(response).await;
        assert!(page.contains("<h1>This link does not work</h1>"), "{page}");
        let small = format!("<p class=\"why\">Reason: bad_link ({reason})</p>");
        assert!(page.contains(&small), "{page}");
        for jargon in [
            "SHA-256",
            "base64url",
            "must be",
            "audience",
            "evil.example",
        ] {
            assert!(!page.contains(jargon), "{jargon} in {page}");
        }
        assert_eq!(offers(&page), [offer]);
    }
}

#[tokio::test]
async fn signing_out_leads_back_to_where_one_came_from() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let audience = service
        .application("wiki", "https://wiki.example.com/team", json!({}))
        .await;
    let from = |origin: &str| {
        let mut url = Url::parse("http://x/logout").unwrap();
        url.query_pairs_mut()
            .append_pair("app", &audience)
            .append_pair("origin", origin);
        format!("/logout?{}", url.query().unwrap())
    };
    let (known, unknown) = (from(WIKI), from("https://evil.example"));
    let mut browser = Browser::default();
    let to_wiki = pair("Sign in to wiki", "https://wiki.example.com/team/");
    let to_start = pair("Go to the start page", "/");
    let out = [to_wiki.clone(), to_start.clone()];

    // Who is signed out already is not left on a heading.
    for (path, offered) in [
        ("/logout", vec![pair("Sign in", "/login")]),
        (&unknown, vec![pair("Sign in", "/login")]),
        (&known, out.to_vec()),
    ] {
        let page = text(browser.get(&service, path).await).await;
        assert!(page.contains("<h1>You are not signed in</h1>"), "{page}");
        assert!(!page.contains("<form") && !page.contains("evil"), "{page}");
        assert_eq!(offers(&page), offered, "{path}");
    }

    for (path, stay, offered) in [
        ("/logout", "/", vec![pair("Sign in", "/login")]),
        (&unknown, "/", vec![pair("Sign in", "/login")]),
        (&known, "https://wiki.example.com/team/", out.to_vec()),
    ] {
        browser.sign_in(&service, "/login", (ANA, &password)).await;
        let page = text(browser.get(&service, path).await).await;
        assert_eq!(offers(&page), [pair("Stay signed in", stay)], "{path}");
        let done = browser.submit(&service, path, &[]).await;
        let page = text(done).await;
        assert!(page.contains("<h1>You are signed out</h1>"), "{page}");
        assert_eq!(offers(&page), offered, "{path}");
    }
}

#[tokio::test]
async fn too_many_attempts_say_when_to_try_again() {
    let service = Service::start_with("[sign_in]\nfailures_per_email = 1\n").await;
    service.user(ANA).await;
    let mut browser = Browser::default();
    for _ in 0..2 {
        let refused = browser.sign_in(&service, "/login", (ANA, "wrong")).await;
        if refused.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait = refused.headers()["retry-after"].to_str().unwrap();
            let counted = format!("<p data-wait=\"{wait}\">You can try again at ");
            let page = text(refused).await;
            assert!(page.contains(&counted), "{page}");
            assert_eq!(offers(&page), [pair("Try again", "")]);
            return;
        }
    }
    panic!("the limit did not hold");
}

#[tokio::test]
async fn the_first_empty_field_has_the_focus() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let focused = |page: &str| {
        let (before, _) = page.split_once(" autofocus").unwrap();
        assert_eq!(page.matches(" autofocus").count(), 1);
        between(before.rsplit_once("<input ").unwrap().1, "id=\"", "\"").to_owned()
    };
    let form = text(browser.get(&service, &attempt.path()).await).await;
    assert_eq!(focused(&form), "email");
    let path = attempt.path();
    let wrong = browser.sign_in(&service, &path, (ANA, "wrong"));
    assert_eq!(focused(&text(wrong.await).await), "password");

    let who = (ANA, password.as_str());
    browser.sign_in(&service, &attempt.path(), who).await;
    let fresh = json!({ "name": "wiki", "fresh_login": true });
    service.done("/revocations/application", fresh).await;
    let again = text(browser.get(&service, &attempt.path()).await).await;
    assert!(again.contains("value=\"ana@example.com\""), "{again}");
    assert_eq!(focused(&again), "password");
}
