//! Tabs that wait at the sign-in form until another tab of the browser has signed in.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::browser::{Attempt, Browser, between, code_of, unescape};
use crate::harness::Service;

const ANA: &str = "ana@example.com";

/// Where a page's script asks, if it does.
fn check_of(page: &str) -> Option<String> {
    let has_check = page.contains("data-check=");
    has_check.then(|| unescape(between(page, "data-check=\"", "\"")))
}

async fn page(browser: &mut Browser, service: &Service, path: &str) -> String {
    browser.get(service, path).await.text().await.unwrap()
}

/// What the check answers, and it sets no cookie.
async fn signed_in(browser: &mut Browser, service: &Service, check: &str) -> bool {
    let response = browser.get(service, check).await;
    assert_eq!(response.status(), StatusCode::OK, "{check}");
    assert!(!response.headers().contains_key("set-cookie"));
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        answer.as_object().unwrap().len(),
        1,
        "nothing more: {answer}"
    );
    answer["signed_in"].as_bool().unwrap()
}

#[tokio::test]
async fn b07_a_form_learns_that_another_tab_has_signed_in() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    for path in [attempt.path(), "/login".to_owned()] {
        let check = check_of(&page(&mut browser, &service, &path).await).unwrap();
        assert!(!signed_in(&mut browser, &service, &check).await);

        let mut another_browser = Browser::default();
        another_browser
            .sign_in(&service, "/login", (ANA, &password))
            .await;
        assert!(!signed_in(&mut browser, &service, &check).await);

        let mut tab = browser.clone();
        tab.sign_in(&service, "/login", (ANA, &password)).await;
        assert!(signed_in(&mut tab, &service, &check).await);
        // Where the script leads.
        let on = format!("{}&waited", check.replace("/login/check", "/login"));
        let response = tab.get(&service, &on).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        if path != "/login" {
            code_of(&response, &attempt);
        }
    }
}

#[tokio::test]
async fn b07_no_other_site_learns_whether_somebody_is_signed_in() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    for (site, answer) in [
        ("same-origin", true),
        ("same-site", false),
        ("cross-site", false),
        ("none", false),
        ("Same-Origin", false),
    ] {
        browser.headers.insert("sec-fetch-site", site);
        let told = signed_in(&mut browser, &service, "/login/check").await;
        assert_eq!(told, answer, "{site}");
    }
}

/// A tab that went on would only come to the form again.
#[tokio::test]
async fn b07_a_form_waits_until_the_sign_in_is_late_enough() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let demand = json!({ "name": "wiki", "fresh_login": true });
    service.done("/revocations/application", demand).await;

    let form = page(&mut browser, &service, &attempt.path()).await;
    assert!(form.contains("requires a new sign-in"), "{form}");
    let check = check_of(&form).unwrap();
    assert!(!signed_in(&mut browser, &service, &check).await);
    browser.code(&service, &attempt, (ANA, &password)).await;
    assert!(signed_in(&mut browser, &service, &check).await);
}

#[tokio::test]
async fn b07_a_form_for_another_account_does_not_go_on_with_this_one() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    let path = format!("{}&other_account=true", attempt.path());
    let form = page(&mut browser, &service, &path).await;
    assert_eq!(check_of(&form), None);
    assert!(!form.contains("continue without your password"));

    let wrong = browser.sign_in(&service, &path, ("bob@example.com", "wrong one"));
    let wrong = wrong.await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(check_of(&wrong.text().await.unwrap()), None);
}

#[tokio::test]
async fn b07_without_single_sign_on_no_tab_goes_on() {
    let service = Service::start_with("[sessions]\nglobal_duration = \"0\"\n").await;
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    assert!(!signed_in(&mut browser, &service, "/login/check").await);
}

#[tokio::test]
async fn b07_without_scripts_the_form_offers_to_go_on() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    let form = page(&mut browser, &service, &attempt.path()).await;
    let link = between(&form, "<noscript>", "</noscript>");
    let link = unescape(between(link, "href=\"", "\""));
    browser.sign_in(&service, "/login", (ANA, &password)).await;
    code_of(&browser.get(&service, &link).await, &attempt);
}

#[tokio::test]
async fn the_sign_in_form_may_ask_its_own_origin_alone() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    for (path, connects) in [
        (attempt.path().as_str(), true),
        ("/login", true),
        ("/", false),
    ] {
        let response = browser.get(&service, path).await;
        let policy = response.headers()["content-security-policy"].to_str();
        let policy = policy.unwrap();
        let sources = policy.split("connect-src").nth(1);
        assert_eq!(sources, connects.then_some(" 'self'"), "{path}: {policy}");
        assert!(policy.contains("script-src 'self';"), "{policy}");
    }
}
