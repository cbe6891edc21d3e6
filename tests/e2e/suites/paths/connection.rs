//! `connection` cannot make a server between Envoy and the application remove who sent a request.

use anyhow::{Context, Result};
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{Protocol, Request};
use url::Url;

use super::origin::{Arrival, LABEL, raw_origin};
use super::site::{NAMES, Site, site};

/// What says who sent a request, and from where.
const IDENTITY: [&str; 4] = [
    "x-access-user-email",
    "x-access-user-id",
    "x-access-jwt-assertion",
    "x-forwarded-for",
];
const ALL: &str = "x-access-user-email, X-Access-User-Id, x-access-jwt-assertion, x-forwarded-for";

fn upgrade(path: &str, connection: &str, label: &str) -> Request {
    Request::new("GET", path)
        .with("upgrade", "websocket")
        .with("connection", connection)
        .with("sec-websocket-version", "13")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .with(LABEL, label)
}

fn session(site: &Site) -> Result<String> {
    let browser = site.sign_in(&site.outsider, "/")?;
    let url = Url::parse(&site.lax.url("/"))?;
    browser.jar.header(&url).context("no cookies")
}

fn arrival(label: &str) -> Result<Arrival> {
    let arrival = raw_origin()?.received.take(label);
    arrival.with_context(|| format!("{label} did not arrive"))
}

#[test]
fn an_upgrade_arrives_with_who_sent_it_behind_an_intermediary() -> Result<()> {
    let site = site()?;
    let cookies = session(site)?;
    for (number, connection) in [
        format!("upgrade, {ALL}"),
        format!("keep-alive, {ALL}, Upgrade"),
        "Upgrade".to_owned(),
        "keep-alive, Upgrade".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let label = format!("upgrade {number}");
        let request = upgrade("/ws", &connection, &label).with("cookie", &cookies);
        site.stand.ask(&site.lax, Protocol::Http1, &request)?;
        let arrival = arrival(&label)?;
        let said = arrival.value("connection").context("no connection")?;
        assert!(said.eq_ignore_ascii_case("upgrade"), "{connection}: {said}");
        assert_eq!(arrival.value("upgrade").as_deref(), Some("websocket"));
        for name in IDENTITY {
            let value = arrival.value_behind_an_intermediary(name);
            assert!(value.is_some(), "{name} after {connection}");
        }
        let email = arrival.value_behind_an_intermediary("x-access-user-email");
        assert_eq!(email, Some(site.outsider.email.clone()));
    }
    // Where no session is needed, too.
    let label = "upgrade bypassed";
    let request = upgrade("/public/ws", &format!("upgrade, {ALL}"), label);
    site.stand.ask(&site.lax, Protocol::Http1, &request)?;
    let arrival = arrival(label)?;
    assert_eq!(arrival.value("connection").as_deref(), Some("upgrade"));
    let address = arrival.value_behind_an_intermediary("x-forwarded-for");
    assert!(address.is_some());
    Ok(())
}

/// Envoy removes what is named, and `connection`, before any filter sees the request.
#[test]
fn any_other_request_arrives_with_who_sent_it_and_without_connection() -> Result<()> {
    let site = site()?;
    let cookies = session(site)?;
    let without_address = "x-access-user-email, x-access-user-id, x-access-jwt-assertion";
    for (number, more) in [&[][..], &[("upgrade", "websocket")]]
        .into_iter()
        .enumerate()
    {
        let label = format!("no upgrade {number}");
        let mut request = Request::sub_request("/x")
            .with("connection", without_address)
            .with("x-access-user-email", "evil@example.com")
            .with("cookie", &cookies)
            .with(LABEL, &label);
        for (name, value) in more {
            request = request.with(name, value);
        }
        let answer = site.stand.ask(&site.lax, Protocol::Http1, &request)?;
        assert_eq!(answer.status, 200);
        let arrival = arrival(&label)?;
        assert_eq!(arrival.value("connection"), None);
        let email = arrival.value_behind_an_intermediary("x-access-user-email");
        assert_eq!(email, Some(site.outsider.email.clone()));
    }
    let label = "no upgrade, and no address";
    let request = Request::sub_request("/x")
        .with("connection", ALL)
        .with("cookie", &cookies)
        .with(LABEL, label);
    let answer = site.stand.ask(&site.lax, Protocol::Http1, &request)?;
    assert_eq!(answer.status, 400, "Envoy's own refusal");
    assert!(raw_origin()?.received.take(label).is_none());
    Ok(())
}

/// Where something before the filter leaves `connection` in a request that is no upgrade.
#[test]
fn a_request_that_names_what_the_filter_adds_is_refused() -> Result<()> {
    let site = site()?;
    let application = site.stand.application(&ApplicationSettings::default())?;
    let browser = site.stand.sign_in(&site.stand.user()?, &application)?;
    let url = Url::parse(&application.url("/"))?;
    let cookies = browser.jar.header(&url).context("no cookies")?;
    let door = site.door_with_connection(&application)?;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for (names, refused) in [
            ("x-access-user-email", true),
            ("close, X_ACCESS_USER_ID", true),
            ("x-forwarded-proto", true),
            ("cookie", true),
            ("x-original-url", true),
            ("x-own-hop", false),
        ] {
            let label = format!("names {names} {protocol}");
            let request = Request::sub_request("/x")
                .with(NAMES, names)
                .with("cookie", &cookies)
                .with(LABEL, &label);
            let answer = door.ask(protocol, &request)?;
            let arrived = raw_origin()?.received.take(&label).is_some();
            assert_eq!(arrived, !refused, "{label}: {}", answer.status);
            if refused {
                assert_eq!(answer.status, 400, "{label}");
                let reason = Refusal::of_answer(&answer)?.reason;
                assert_eq!(reason, "connection_invalid", "{label}");
            }
        }
    }
    Ok(())
}
