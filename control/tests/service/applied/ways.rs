//! It is known how far a revocation has come, whichever way it was made.

use reqwest::Method;
use serde_json::json;

use super::proxy::{ANA, DENY, Proxy, wait_for};
use crate::browser::Browser;
use crate::cli::program;
use crate::harness::Service;

/// After this a revoked user may sign in again, in seconds.
const BLOCK: u64 = 61;

/// Ana signs in in two browsers; the second.
async fn sign_in(service: &Service, password: &str) -> Browser {
    service.clock.advance(BLOCK);
    let (mut other, mut browser) = (Browser::default(), Browser::default());
    for browser in [&mut other, &mut browser] {
        browser.sign_in(service, "/login", (ANA, password)).await;
    }
    browser
}

async fn session(service: &Service) -> String {
    let (_, page) = service.over_socket(Method::GET, "sessions").await;
    page["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn end(service: &Service, browser: &mut Browser, way: &str) {
    let user = json!({ "email": ANA });
    match way {
        "user" => drop(service.done("/revocations/user", user).await),
        "disable" => drop(service.done("/users/disable", user).await),
        "application" | "fresh-login" => {
            let request = json!({ "name": "wiki", "fresh_login": way == "fresh-login" });
            service.done("/revocations/application", request).await;
        }
        "session" => {
            let request = json!({ "id": session(service).await });
            service.done("/revocations/session", request).await;
        }
        "admin-api" => {
            let path = format!("sessions/{}", session(service).await);
            service.over_socket(Method::DELETE, &path).await;
        }
        "own-others" => drop(
            browser
                .submit(service, "/sessions", &[("end", "others")])
                .await,
        ),
        _ => drop(browser.submit(service, "/logout", &[]).await),
    }
}

#[tokio::test]
async fn b06_every_revocation_is_followed_however_it_was_made() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    service.wiki(json!({})).await;
    let mut before = 0;
    for (way, scope) in [
        ("user", "user"),
        ("application", "application"),
        ("fresh-login", "application"),
        ("session", "session"),
        ("admin-api", "session"),
        ("own-others", "session"),
        ("sign-out", "session"),
        ("disable", "user"),
    ] {
        let mut browser = sign_in(&service, &password).await;
        let mut proxy = Proxy::start(&service, way, DENY).await;
        proxy.poll(0).await;
        end(&service, &mut browser, way).await;
        let newest = service.listed("/revocations").await[0].clone();
        let version = newest["version"].as_u64().unwrap();
        assert!(version > before, "{way}");
        before = version;
        assert_eq!(newest["scope"], scope, "{way}");
        assert_eq!(newest["fresh"], way == "fresh-login", "{way}");
        assert!(newest["revoked_at"].is_u64(), "{way}");
        assert_eq!(newest["applied"], 0, "{way}");
        proxy.poll(0).await;
        proxy.poll(0).await;
        let view = wait_for(&service, version, 5_000).await;
        assert_eq!(view["complete"], true, "{way}");
        assert!(view["slowest_ms"].is_u64(), "{way}");
        // The next way has a proxy of its own.
        let gone = json!({ "instance": way });
        service.done("/proxies/forget", gone).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b06_every_revoke_command_waits() {
    let service = Service::start().await;
    let password = service.user(ANA).await;
    service.wiki(json!({})).await;
    sign_in(&service, &password).await;
    let id = session(&service).await;
    let mut proxy = Proxy::start(&service, "one", DENY).await;
    proxy.poll(0).await;
    for what in [
        &["application", "wiki"][..],
        &["application", "wiki", "--fresh-login"],
        &["session", &id],
        &["user", ANA],
    ] {
        let arguments = [&["revoke"], what, &["--wait", "--timeout", "1ms"]].concat();
        let late = program(&service.data_dir(), &arguments).output().unwrap();
        let (told, error) = (
            String::from_utf8_lossy(&late.stdout).into_owned(),
            String::from_utf8_lossy(&late.stderr).into_owned(),
        );
        assert_eq!(late.status.code(), Some(1), "{what:?}: {error}");
        assert!(
            error.contains("one at 127.0.0.1 (live)"),
            "{what:?}: {error}"
        );
        assert!(told.contains("version"), "the revocation stands: {told}");
    }
}
