//! Sign-in in a window that a frame opened: `display=popup`.

use reqwest::{Response, StatusCode};
use serde_json::json;

use crate::browser::{Attempt, Browser, between, code_of, unescape};
use crate::harness::{Service, WIKI};

const ANA: &str = "ana@example.com";

/// Whether a response leaves the window connected to what opened it.
fn is_connected(response: &Response) -> bool {
    match response.headers()["cross-origin-opener-policy"].to_str() {
        Ok("unsafe-none") => true,
        other => {
            assert_eq!(other.unwrap(), "same-origin");
            false
        }
    }
}

fn popup(attempt: &Attempt) -> String {
    format!("{}&display=popup", attempt.path())
}

#[tokio::test]
async fn s17_a_window_of_the_application_stays_connected_until_the_code_is_there() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    let mut browser = Browser::default();
    browser
        .headers
        .insert("referer", "https://wiki.example.com/");
    assert_eq!(WIKI, "https://wiki.example.com");
    let form = browser.get(&service, &popup(&attempt)).await;
    assert!(is_connected(&form));
    let form = form.text().await.unwrap();
    let action = unescape(between(&form, "action=\"", "\""));
    assert!(action.contains("&display=popup"), "{action}");
    let csrf = between(&form, "name=\"csrf_token\" value=\"", "\"").to_owned();

    // The form's own requests come from the team domain.
    browser.headers.clear();
    browser.headers.insert("sec-fetch-site", "same-origin");
    for (given, status) in [
        ("wrong", StatusCode::UNAUTHORIZED),
        (&password, StatusCode::SEE_OTHER),
    ] {
        let fields = [("csrf_token", &*csrf), ("email", ANA), ("password", given)];
        let answer = browser.post(&service, &action, &fields).await;
        assert_eq!(answer.status(), status);
        assert!(is_connected(&answer), "{status}");
        if status == StatusCode::SEE_OTHER {
            code_of(&answer, &attempt);
        }
    }
    // Signed in, the next window is led back at once.
    browser.headers.clear();
    browser
        .headers
        .insert("referer", "https://wiki.example.com/");
    let back = browser.get(&service, &popup(&attempt)).await;
    assert_eq!(back.status(), StatusCode::FOUND);
    assert!(is_connected(&back));
}

#[tokio::test]
async fn s17_a_window_of_any_other_page_is_cut_off() {
    let service = Service::start().await;
    let attempt = Attempt::at(&service.wiki(json!({})).await);
    for (path, referer) in [
        (popup(&attempt), "https://evil.example/"),
        (popup(&attempt), "https://wiki.example.com.evil.example/"),
        (popup(&attempt), "http://wiki.example.com/"),
        (attempt.path(), "https://wiki.example.com/"),
        (
            "/login?display=popup".to_owned(),
            "https://wiki.example.com/",
        ),
        (
            "/sessions?display=popup".to_owned(),
            "https://wiki.example.com/",
        ),
    ] {
        let mut browser = Browser::default();
        browser.headers.insert("referer", referer);
        let response = browser.get(&service, &path).await;
        assert!(!is_connected(&response), "{path} from {referer}");
    }
}

/// A script of another application on the hostname could ask for it, and would be told the code.
#[tokio::test]
async fn s17_a_code_for_a_frame_is_given_for_partitioned_cookies_only() {
    for settings in [
        json!({}),
        json!({ "same_site": "none" }),
        json!({ "same_site": "none", "partitioned": true }),
    ] {
        let service = Service::start().await;
        let password = service.user(ANA).await;
        let mut attempt = Attempt::at(&service.wiki(settings.clone()).await);
        let mut browser = Browser::default();
        browser
            .sign_in(&service, &attempt.path(), (ANA, &password))
            .await;
        attempt.state = "0a1b2c3d.state.w".to_owned();
        let answer = browser.get(&service, &popup(&attempt)).await;
        if settings["partitioned"] == true {
            assert_eq!(answer.status(), StatusCode::FOUND);
            code_of(&answer, &attempt);
        } else {
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{settings}");
            assert!(!answer.headers().contains_key("location"));
            let page = answer.text().await.unwrap();
            assert!(page.contains("Reason: bad_link (state)"), "{page}");
        }
    }
}
