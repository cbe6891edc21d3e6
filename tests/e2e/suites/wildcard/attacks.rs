//! Hostnames that are not the wildcard's, and what belongs to one hostname on another.

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_e2e::request::{Door, PROTOCOLS, Request};
use portcullis_e2e::table::Table;
use portcullis_e2e::tokens::{BINDING_COOKIE, TOKEN_COOKIE};
use portcullis_e2e::{Application, stand};
use url::Url;

use super::previews;
use crate::login_attacks::steps::{
    callback_of, ensure_page, forget_session, sign_in_to_callback, with_parameter,
};

/// What `host` says, with `PORT` for the right one, and what a request gets with a session of the
/// wildcard's application. A status of 0 is any that is no success: Envoy may refuse it first.
#[rustfmt::skip] // One row a line.
const HOSTS: [(&str, u16); 27] = [
    ("one.preview.localhost:PORT", 200),
    ("two.preview.localhost:PORT", 200),
    ("ONE.Preview.Localhost:PORT", 200),
    ("one.preview.localhost.:PORT", 400),
    ("a_b.preview.localhost:PORT", 200),
    ("xn--bcher-kva.preview.localhost:PORT", 200),
    ("x.y.preview.localhost:PORT", 403),
    ("one.one.preview.localhost:PORT", 403),
    ("preview.localhost:PORT", 403),
    ("onepreview.localhost:PORT", 403),
    ("one.preview.localhost.evil.example:PORT", 403),
    ("one.apps.localhost:PORT", 403),
    ("one.preview.localhost", 403),
    ("one.preview.localhost:443", 403),
    ("one.preview.localhost:1", 403),
    ("taken.preview.localhost:PORT", 401),
    ("TAKEN.preview.localhost.:PORT", 400),
    (".preview.localhost:PORT", 0),
    ("*.preview.localhost:PORT", 0),
    ("one..preview.localhost:PORT", 0),
    ("evil.example?.preview.localhost:PORT", 0),
    ("evil.example#.preview.localhost:PORT", 0),
    ("evil.example/.preview.localhost:PORT", 0),
    ("evil.example\\.preview.localhost:PORT", 0),
    ("evil.example@one.preview.localhost:PORT", 0),
    ("one.preview.localhost:PORT:1", 0),
    ("one%2epreview.localhost:PORT", 0),
];

#[test]
fn only_hostnames_one_label_below_the_domain_are_the_applications() -> Result<()> {
    let (stand, previews) = (stand()?, previews()?);
    stand.application_on(&previews.at("taken").host, &Default::default())?;
    let one = previews.at("one");
    let browser = stand.sign_in(&stand.user()?, &one)?;
    let cookie = session(&browser, &one)?;
    let port = stand.deployment.port().to_string();
    let mut table = Table::new("wildcard-hosts", &["host", "protocol", "status"]);
    for (host, expected) in HOSTS {
        let authority = host.replace("PORT", &port);
        let door = Door {
            authority: &authority,
            ..stand.door(&one)
        };
        for protocol in PROTOCOLS {
            let path = stand.unique_path();
            let request = Request::sub_request(&path).with("cookie", &cookie);
            // Some of these no HTTP/2 client sends, or Envoy closes the connection.
            let status = door.ask(protocol, &request).map(|answer| answer.status);
            let shown = status
                .as_ref()
                .map_or_else(|_| "-".to_owned(), ToString::to_string);
            table.row(&[host, &protocol.to_string(), &shown]);
            let reached = stand.reached_origin(&path);
            if expected == 0 {
                ensure!(!matches!(status, Ok(200..=399)), "{host} over {protocol}");
            } else {
                assert_eq!(status?, expected, "{host} over {protocol}");
            }
            assert_eq!(reached, usize::from(expected == 200), "{host}");
        }
    }
    table.print()
}

#[test]
fn the_team_domain_hears_nothing_of_other_hostnames() -> Result<()> {
    let (stand, previews) = (stand()?, previews()?);
    let one = previews.at("one");
    let mut browser = stand.sign_in(&stand.user()?, &one)?;
    forget_session(&mut browser, &one);
    let login = browser.navigate(&one.url("/"))?.location()?;
    let login = login.context("no redirect")?;
    let wildcard = previews.origin.clone();
    for origin in [
        wildcard,
        previews.at("x.y").origin,
        one.origin.replace("https", "http"),
        one.origin.replace("one.", ""),
        one.origin.replace("one", ""),
        one.origin.to_uppercase(),
        format!("{}0", one.origin),
        format!("{}@evil.example", one.origin),
        one.origin.replace("one", "evil.example%3F"),
        one.origin.replace("one", "evil.example%23"),
        one.origin.replace("one", "evil.example/"),
    ] {
        let answer = browser.navigate(&with_parameter(&login, "origin", Some(&origin)))?;
        assert_eq!(answer.status, 400, "{origin}: {}", answer.text());
        assert_eq!(answer.header("location"), None, "{origin}");
    }
    Ok(())
}

#[test]
fn a_callback_ends_on_the_hostname_where_its_login_began() -> Result<()> {
    let (stand, previews) = (stand()?, previews()?);
    let (one, two) = (previews.at("one"), previews.at("two"));
    let user = stand.user()?;

    // A browser keeps the attempt's cookie on its host.
    let mut browser = stand.browser()?;
    let callback = sign_in_to_callback(&mut browser, &one.url("/"), &user)?;
    let moved = on(&callback, &two)?;
    ensure_page(&browser.navigate(&moved)?, 400, "state_unknown")?;
    ensure_page(&browser.navigate(callback.as_str())?, 400, "code_unknown")?;

    // With the cookie moved too, the code is still that of the other hostname.
    let callback = callback_of(&mut browser, &one.url("/"))?;
    let attempts: Vec<_> = browser.jar.of(&one.host).cloned().collect();
    for mut cookie in attempts {
        cookie.host.clone_from(&two.host);
        browser.jar.insert(cookie);
    }
    let moved = on(&callback, &two)?;
    ensure_page(&browser.navigate(&moved)?, 400, "code_mismatch")?;
    assert!(browser.jar.find(&two.host, TOKEN_COOKIE).is_none());
    ensure_page(&browser.navigate(callback.as_str())?, 400, "code_unknown")
}

#[test]
fn nothing_returns_to_a_sibling_hostname() -> Result<()> {
    let (stand, previews) = (stand()?, previews()?);
    let (one, two) = (previews.at("one"), previews.at("two"));
    let mut browser = stand.sign_in(&stand.user()?, &one)?;
    for target in [two.url("/x"), format!("//{}/x", two.authority())] {
        forget_session(&mut browser, &one);
        let login = one.url(&format!("/.access/login?return_to={target}"));
        let callback = callback_of(&mut browser, &login)?;
        let answer = browser.navigate(callback.as_str())?;
        assert_eq!(answer.header("location"), Some(one.url("/").as_str()));
    }
    Ok(())
}

/// A callback's URL on another hostname.
fn on(callback: &Url, application: &Application) -> Result<String> {
    let mut moved = callback.clone();
    moved.set_host(Some(&application.host))?;
    Ok(moved.to_string())
}

/// The cookies of a session at a hostname.
fn session(browser: &Browser, application: &Application) -> Result<String> {
    let value = |name| {
        let cookie = browser.jar.find(&application.host, name);
        cookie.map(|cookie| format!("{name}={}", cookie.value))
    };
    let token = value(TOKEN_COOKIE).context("no token")?;
    let binding = value(BINDING_COOKIE).context("no binding")?;
    Ok(format!("{token}; {binding}"))
}
