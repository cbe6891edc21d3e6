//! A page of a listed origin can read a 401, and use what it says.

use anyhow::{Context, Result};
use portcullis_demo::browser::{Browser, Method};
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::{ApplicationSettings, stand};

use super::expected::VARY;

const LISTED: &str = "https://spa.example.com";

#[test]
fn a_401_is_readable_for_listed_origins_alone() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        options: &["--cors-origin", LISTED],
        ..ApplicationSettings::default()
    })?;
    for protocol in PROTOCOLS {
        for (origin, readable) in [
            (Some(LISTED), true),
            (Some("https://evil.example"), false),
            (Some("https://spa.example.com.evil.example"), false),
            (Some("null"), false),
            (None, false),
        ] {
            let request = Request::sub_request("/api/echo").with("sec-fetch-mode", "cors");
            let request = match origin {
                Some(origin) => request.with("origin", origin),
                None => request,
            };
            let answer = stand.ask(&application, protocol, &request)?;
            assert_eq!(Refusal::of_answer(&answer)?.reason, "no_session");
            assert_eq!(answer.header("vary"), Some(VARY));
            let cors = [
                ("access-control-allow-origin", LISTED),
                ("access-control-allow-credentials", "true"),
                (
                    "access-control-expose-headers",
                    "www-authenticate, retry-after",
                ),
            ];
            for (name, value) in cors {
                let expected = readable.then_some(value);
                assert_eq!(answer.header(name), expected, "{origin:?} over {protocol}");
            }
        }
    }
    Ok(())
}

#[test]
fn s20_the_login_url_of_a_401_signs_in() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        options: &["--cors-origin", LISTED],
        ..ApplicationSettings::default()
    })?;
    let user = stand.user()?;
    let mut browser = stand.browser()?;
    let url = application.url("/api/echo");
    let across_origins = |browser: &mut Browser| {
        browser.request(Method::GET, &url, |request| {
            let request = request.header("origin", LISTED);
            request.header("sec-fetch-mode", "cors")
        })
    };
    let refusal = Refusal::of(&across_origins(&mut browser)?)?;

    let page = browser.sign_in(&refusal.login_url.context("no login_url")?, &user)?;

    assert_eq!(
        (page.status, page.url.as_str()),
        (200, application.url("/").as_str())
    );
    assert_eq!(across_origins(&mut browser)?.status, 200);
    Ok(())
}
