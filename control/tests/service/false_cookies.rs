//! Cookies that another host of the site planted before the browser's own.

use crate::browser::{Attempt, Browser, between, code_of, unescape};
use crate::harness::Service;

const ANA: &str = "ana@example.com";
const SESSION: &str = "__Host-access_session";
const SIGN_IN: &str = "__Host-access_signin";

/// Fifty cookies of this name, each false in another way, and then the good one.
fn fifty_before(name: &str, good: &str) -> String {
    let (signed, _) = good.rsplit_once('.').unwrap_or((good, ""));
    let false_ones = (0..50).map(|n| match n % 3 {
        // A key's name in the header, and a signature of the right length.
        0 => format!("{name}={signed}.{n:A<85}Q"),
        1 => format!("{name}={n:x<43}"),
        _ => format!("{name}={n}"),
    });
    let good = format!("{name}={good}");
    false_ones.chain([good]).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn fifty_false_session_cookies_do_not_hide_the_good_one() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(serde_json::json!({})).await);
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    browser.code(&service, &attempt, (ANA, &password)).await;
    let cookies = fifty_before(SESSION, &browser.cookies[SESSION]);
    let request = service.http.get(service.page(&attempt.path()));
    let response = request.header("cookie", cookies).send().await.unwrap();
    code_of(&response, &attempt);
    let without = fifty_before(SESSION, "x");
    let request = service.http.get(service.page(&attempt.path()));
    let response = request.header("cookie", without).send().await.unwrap();
    assert_eq!(response.status(), 200, "a page that asks for the password");
}

#[tokio::test]
async fn fifty_false_form_cookies_do_not_hide_the_good_one() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(serde_json::json!({})).await);
    let password = service.user(ANA).await;
    let mut browser = Browser::default();
    let page = browser.get(&service, &attempt.path()).await;
    let page = page.text().await.unwrap();
    let action = unescape(between(&page, "action=\"", "\""));
    let token = between(&page, "name=\"csrf_token\" value=\"", "\"");
    let form = [
        ("csrf_token", token),
        ("email", ANA),
        ("password", &password),
    ];
    for (cookies, expected) in [
        (fifty_before(SIGN_IN, "x"), 403),
        (fifty_before(SIGN_IN, &browser.cookies[SIGN_IN]), 303),
    ] {
        let request = service.http.post(service.page(&action)).form(&form);
        let response = request.header("cookie", cookies).send().await.unwrap();
        assert_eq!(response.status(), expected);
    }
}
