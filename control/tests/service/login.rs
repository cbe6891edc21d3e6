//! `/login`: from a filter's redirect to the code, and all that can go wrong between.

mod limits;
mod open_form;
mod owner;
mod waiting;

use reqwest::StatusCode;
use serde_json::json;

use crate::browser::{Attempt, Browser, code_of};
use crate::harness::{Service, TEAM_DOMAIN};

const ANA: &str = "ana@example.com";

#[tokio::test]
async fn a_sign_in_ends_at_the_callback_with_a_code() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let response = browser
        .sign_in(&service, &attempt.path(), (ANA, &password))
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(code_of(&response, &attempt).len(), 43);
    assert!(browser.cookies.contains_key("__Host-access_session"));
}

#[tokio::test]
async fn a_live_session_is_sent_on_without_a_prompt() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let first = browser.code(&service, &attempt, (ANA, &password)).await;
    let response = browser.get(&service, &attempt.path()).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_ne!(code_of(&response, &attempt), first);
}

#[tokio::test]
async fn addresses_are_compared_without_case() {
    let service = Service::start().await;
    let password = service.user("Ana@Example.com").await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser
        .code(&service, &attempt, ("ANA@example.COM", &password))
        .await;
}

#[tokio::test]
async fn wrong_password_and_unknown_user_look_alike() {
    let service = Service::start().await;
    service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut pages = Vec::new();
    for email in [ANA, "eve@example.com"] {
        let mut browser = Browser::default();
        let response = browser
            .sign_in(&service, &attempt.path(), (email, "wrong one"))
            .await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!browser.cookies.contains_key("__Host-access_session"));
        let page = response.text().await.unwrap();
        assert!(page.contains("Wrong e-mail address or password"));
        let token = page.split("name=\"csrf_token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        pages.push(page.replace(&token, "").replace(email, ""));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_bad_link_is_refused_with_all_that_is_wrong() {
    let service = Service::start().await;
    let good = Attempt::at(&service.wiki(json!({})).await);
    let bad = |change: fn(&mut Attempt)| {
        let mut attempt = good.clone();
        change(&mut attempt);
        attempt.path()
    };
    for path in [
        bad(|a| a.app = "0".repeat(64)),
        bad(|a| a.app.clear()),
        bad(|a| a.app = "\0".repeat(64)),
        "/login?app=x&app=y".into(),
        bad(|a| a.origin = "https://evil.example".into()),
        bad(|a| a.origin = "http://wiki.example.com".into()),
        bad(|a| a.origin = "https://wiki.example.com:8443".into()),
        bad(|a| a.origin = "https://wiki.example.com/".into()),
        bad(|a| a.origin.clear()),
        bad(|a| a.state.clear()),
        bad(|a| a.state = "a b".into()),
        bad(|a| a.state = "s".repeat(257)),
        bad(|a| a.challenge = "short".into()),
        bad(|a| a.challenge.clear()),
        "/login?app=x".into(),
        "/login?origin=https://evil.example".into(),
    ] {
        let response = Browser::default().get(&service, &path).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
        assert!(!response.headers().contains_key("location"));
    }
    let path = bad(|a| {
        a.origin = "https://evil.example".into();
        a.state.clear();
        a.challenge.clear();
    });
    let page = Browser::default()
        .get(&service, &path)
        .await
        .text()
        .await
        .unwrap();
    for field in ["origin", "state", "code_challenge"] {
        assert!(page.contains(field), "{page}");
    }
}

#[tokio::test]
async fn the_query_is_judged_again_at_the_post() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let page = browser
        .get(&service, &attempt.path())
        .await
        .text()
        .await
        .unwrap();
    let token = crate::browser::between(&page, "csrf_token\" value=\"", "\"").to_owned();
    attempt.origin = "https://evil.example".into();
    let form = [
        ("email", ANA),
        ("password", &password),
        ("csrf_token", &token),
    ];
    let request = service.http.post(service.page(&attempt.path())).form(&form);
    assert_eq!(
        browser.send(request).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn foreign_forms_are_refused() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let page = browser
        .get(&service, &attempt.path())
        .await
        .text()
        .await
        .unwrap();
    let token = crate::browser::between(&page, "csrf_token\" value=\"", "\"").to_owned();
    let post = |token: &str| {
        let form = [
            ("email", ANA),
            ("password", &password),
            ("csrf_token", token),
        ];
        service.http.post(service.page(&attempt.path())).form(&form)
    };
    let mut other = Browser::default();
    other.get(&service, "/login").await;
    for (who, request) in [
        ("no token", browser.clone().send(post("")).await),
        ("no cookie", Browser::default().send(post(&token)).await),
        ("another browser's cookie", other.send(post(&token)).await),
        (
            "another site",
            browser
                .clone()
                .send(post(&token).header("sec-fetch-site", "cross-site"))
                .await,
        ),
        (
            "another origin",
            browser
                .clone()
                .send(post(&token).header("origin", "https://evil.example"))
                .await,
        ),
    ] {
        assert_eq!(request.status(), StatusCode::FORBIDDEN, "{who}");
    }
    let own = post(&token)
        .header("sec-fetch-site", "same-origin")
        .header("origin", TEAM_DOMAIN);
    assert_eq!(browser.send(own).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn two_tabs_of_one_browser_both_sign_in() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let credential = service.credential(&[]).await;
    let mut browser = Browser::default();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let page = browser
            .get(&service, &attempt.path())
            .await
            .text()
            .await
            .unwrap();
        tokens.push(crate::browser::between(&page, "csrf_token\" value=\"", "\"").to_owned());
    }
    for token in tokens {
        let form = [
            ("email", ANA),
            ("password", &password),
            ("csrf_token", &token),
        ];
        let request = service.http.post(service.page(&attempt.path())).form(&form);
        let code = code_of(&browser.send(request).await, &attempt);
        let body = crate::browser::exchange(&code);
        let answer = service.post(&credential, "exchange", body).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
