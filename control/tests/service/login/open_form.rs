//! A form that lies open for longer than the browser remembers its login attempt.

use reqwest::{Response, StatusCode};
use serde_json::json;

use crate::browser::{Attempt, Browser, between, code_of, unescape};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const AGAIN: &str = "https://wiki.example.com/.access/login?return_to=%2Fpage%3Fx%3D1";
const MINUTE: u64 = 60;

/// A form as a browser shows it.
struct Form {
    action: String,
    csrf_token: String,
}

impl Form {
    async fn open(browser: &mut Browser, service: &Service, path: &str) -> Self {
        Self::in_page(browser.get(service, path).await).await
    }

    async fn in_page(response: Response) -> Self {
        let page = response.text().await.unwrap();
        Self {
            action: unescape(between(&page, "action=\"", "\"")),
            csrf_token: between(&page, "name=\"csrf_token\" value=\"", "\"").to_owned(),
        }
    }

    async fn send(&self, browser: &mut Browser, service: &Service, password: &str) -> Response {
        let fields = [
            ("csrf_token", self.csrf_token.as_str()),
            ("email", ANA),
            ("password", password),
        ];
        browser.post(service, &self.action, &fields).await
    }
}

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn b07_a_form_older_than_its_attempt_leads_on_without_a_second_prompt() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let form = Form::open(&mut browser, &service, &attempt.path()).await;
    service.clock.advance(11 * MINUTE);

    let response = form.send(&mut browser, &service, &password).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&response), AGAIN, "the application begins another");
    assert!(browser.cookies.contains_key("__Host-access_session"));

    let another = Attempt {
        state: "00000000.another".to_owned(),
        ..attempt
    };
    let response = browser.get(&service, &another.path()).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    code_of(&response, &another);
}

#[tokio::test]
async fn b07_a_form_younger_than_its_attempt_leads_to_the_callback() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let form = Form::open(&mut browser, &service, &attempt.path()).await;
    service.clock.advance(9 * MINUTE - 1);
    let response = form.send(&mut browser, &service, &password).await;
    code_of(&response, &attempt);
    service.clock.advance(1);
    let response = form.send(&mut browser, &service, &password).await;
    assert_eq!(location(&response), AGAIN);
}

#[tokio::test]
async fn b07_a_wrong_password_makes_the_form_no_younger() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let form = Form::open(&mut browser, &service, &attempt.path()).await;
    service.clock.advance(6 * MINUTE);
    let wrong = form.send(&mut browser, &service, "wrong one").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let form = Form::in_page(wrong).await;
    service.clock.advance(5 * MINUTE);
    let response = form.send(&mut browser, &service, &password).await;
    assert_eq!(location(&response), AGAIN);
}

#[tokio::test]
async fn b07_the_age_of_a_form_leads_to_no_other_place() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    for (shown, is_over) in [
        ("0", true),
        ("x", true),
        ("-1", true),
        ("", true),
        ("99999999999999999999", true),
        ("99999999999", false),
    ] {
        let path = format!("{}&shown={shown}", attempt.path());
        let response = browser.get(&service, &path).await;
        if is_over {
            assert_eq!(location(&response), AGAIN, "{shown}");
        } else {
            code_of(&response, &attempt);
        }
    }
    let forged = Attempt {
        origin: "https://evil.example".to_owned(),
        ..attempt
    };
    let path = format!("{}&shown=0", forged.path());
    let response = browser.get(&service, &path).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

/// The policy is judged first: the application would only send the browser back here.
#[tokio::test]
async fn b07_who_has_no_access_is_told_so_however_old_the_form_is() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let bob = json!({ "policy": [{ "emails": ["bob@example.com"] }] });
    let attempt = Attempt::at(&service.wiki(bob).await);
    let mut browser = Browser::default();
    let form = Form::open(&mut browser, &service, &attempt.path()).await;
    service.clock.advance(11 * MINUTE);
    let response = form.send(&mut browser, &service, &password).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let page = response.text().await.unwrap();
    // The form for another account is as old as this one.
    let link = page.split("href=\"/login?").nth(1).unwrap();
    let path = format!("/login?{}", unescape(link.split('"').next().unwrap()));
    let form = Form::open(&mut browser, &service, &path).await;
    let bobs = service.user("bob@example.com").await;
    let fields = [
        ("csrf_token", form.csrf_token.as_str()),
        ("email", "bob@example.com"),
        ("password", &bobs),
    ];
    let response = browser.post(&service, &form.action, &fields).await;
    assert_eq!(location(&response), AGAIN);
}

/// The browsers that do not say where a form comes from need the cookie that guards it.
#[tokio::test]
async fn b07_the_guard_of_a_form_lasts_overnight() {
    let service = Service::start().await;
    let response = service.http.get(service.page("/login")).send().await;
    let response = response.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("Max-Age=86400"), "{cookie}");
}

#[tokio::test]
async fn b07_the_form_says_that_an_address_is_too_long_to_return_to() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let said = "too long to return to";
    for (bytes, is_too_long) in [(8_192, false), (8_193, true)] {
        let attempt = Attempt {
            return_to: format!("/{}", "a".repeat(bytes - 1)),
            ..attempt.clone()
        };
        let mut browser = Browser::default();
        let page = browser.get(&service, &attempt.path()).await;
        let page = page.text().await.unwrap();
        assert_eq!(page.contains(said), is_too_long, "{bytes}");
        browser.code(&service, &attempt, (ANA, &password)).await;
    }
}
