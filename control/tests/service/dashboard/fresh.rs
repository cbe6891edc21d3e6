//! Acts that destroy something demand a recent sign-in.

use reqwest::StatusCode;
use serde_json::json;

use super::{ROOT, own_form, page, read};
use crate::browser::Browser;
use crate::harness::Service;
use crate::openid_provider::keys::Token;
use crate::provider_sign_in::{Scene, Settings};

const CHANGE: &str = "/dashboard/administrators/change";
const MINUTE: u64 = 60;

/// The administrator, signed in, and the password.
async fn root(service: &Service) -> (Browser, String) {
    let password = service.user(ROOT).await;
    let wish = json!({ "email": ROOT, "role": "administrator" });
    service.done("/users/role", wish).await;
    let mut browser = Browser::default();
    browser.sign_in(service, "/login", (ROOT, &password)).await;
    (browser, password)
}

#[tokio::test]
async fn an_old_sign_in_opens_no_page_that_destroys() {
    let service = Service::start().await;
    let (mut browser, password) = root(&service).await;
    let path = format!("{CHANGE}?user=x");
    service.clock.advance(15 * MINUTE - 1);
    page(&service, &mut browser, &path).await;
    service.clock.advance(1);
    let response = browser.get(&service, &path).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let login = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(
        login,
        "/login?prompt=login&return_to=%2Fdashboard%2Fadministrators%2Fchange%3Fuser%3Dx"
    );
    // Every other page needs none.
    page(&service, &mut browser, "/dashboard/administrators").await;
    // Somebody who is signed in is asked all the same, and says who they are.
    let form = page(&service, &mut browser, &login).await;
    assert!(form.contains("requires a new sign-in"), "{form}");
    assert!(form.contains(&format!("value=\"{ROOT}\"")), "{form}");
    // A wrong password leads nowhere, and the demand stays.
    let wrong = browser.sign_in(&service, &login, (ROOT, "wrong one")).await;
    let (status, again) = read(wrong).await;
    assert_eq!(status, 401);
    assert!(again.contains("prompt=login"), "{again}");
    let back = browser.sign_in(&service, &login, (ROOT, &password)).await;
    assert_eq!(back.headers()["location"], path);
    page(&service, &mut browser, &path).await;
}

#[tokio::test]
async fn a_form_may_be_read_for_five_minutes_and_is_kept_after_that() {
    let service = Service::start().await;
    let (mut browser, password) = root(&service).await;
    service.user("ana@example.com").await;
    let fields = [("user", "ana@example.com"), ("role", "viewer")];
    service.clock.advance(20 * MINUTE - 1);
    let saved = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    service.clock.advance(1);
    let fields = [("user", "ana@example.com"), ("role", "administrator")];
    let late = browser.send(own_form(&service, CHANGE, &fields)).await;
    let (status, kept) = read(late).await;
    assert_eq!(status, 401);
    assert!(kept.contains("Reason: sign_in_too_old"), "{kept}");
    assert!(
        kept.contains("name=\"role\" value=\"administrator\""),
        "{kept}"
    );
    assert!(
        kept.contains("/login?prompt=login&#38;return_to=/dashboard"),
        "{kept}"
    );
    let users = service.listed("/users").await;
    let ana = users.iter().find(|user| user["email"] == "ana@example.com");
    assert_eq!(ana.unwrap()["role"], "viewer", "nothing was changed");
    // After a sign-in in another tab, the same form is taken.
    let login = "/login?prompt=login&return_to=/dashboard";
    browser.sign_in(&service, login, (ROOT, &password)).await;
    let sent = browser.send(own_form(&service, CHANGE, &fields)).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_tab_that_waits_for_a_new_sign_in_does_not_go_on_without_one() {
    let service = Service::start().await;
    let (mut browser, _) = root(&service).await;
    service.clock.advance(15 * MINUTE);
    for (query, signed_in) in [
        ("return_to=/dashboard", "true"),
        ("prompt=login&return_to=/dashboard", "false"),
    ] {
        let check = format!("/login/check?{query}");
        let check = page(&service, &mut browser, &check).await;
        assert_eq!(check, format!("{{\"signed_in\":{signed_in}}}"), "{query}");
    }
    // No other page of ours, and no application, demands it this way.
    for query in ["prompt=login", "prompt=login&return_to=/sessions"] {
        let refused = browser.get(&service, &format!("/login?{query}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_provider_is_asked_for_a_new_sign_in_and_must_prove_it() {
    let scene = Scene::with(Settings {
        rest: "[dashboard]\nadministrators = { emails = [\"ana@example.com\"] }\n",
        corp: "email_domains = [\"example.com\"]\n",
        ..Settings::default()
    })
    .await;
    let service = &scene.service;
    let mut browser = Browser::default();
    scene.sign_in(&mut browser, "corp", |token| token).await;
    // The provider knew the person from before, and does not say since when.
    let response = browser.get(service, CHANGE).await;
    assert_eq!(response.status(), StatusCode::FOUND);
    let path = format!("/login/corp?prompt=login&return_to={CHANGE}");
    let attempt = async |browser: &mut Browser, auth_time: Option<u64>| {
        let response = browser.get(service, &path).await;
        let trip = scene.trip(&response, "corp");
        assert_eq!(trip.asked("prompt"), Some("login"));
        assert_eq!(trip.asked("max_age"), Some("0"));
        let token: Token = scene.token(&trip);
        let token = match auth_time {
            Some(time) => token.with("auth_time", json!(time)),
            None => token,
        };
        scene.come_back(browser, &trip, &token).await
    };
    let now = service.clock_now();
    for stale in [None, Some(now - 3_600)] {
        let refused = attempt(&mut browser, stale).await;
        assert!(!refused.status().is_redirection(), "{stale:?}");
        assert_eq!(
            browser.get(service, CHANGE).await.status(),
            StatusCode::FOUND
        );
    }
    let back = attempt(&mut browser, Some(now)).await;
    assert_eq!(back.headers()["location"], CHANGE);
    assert_eq!(browser.get(service, CHANGE).await.status(), StatusCode::OK);
}
