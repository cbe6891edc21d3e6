//! Identity headers and tokens in headers, in every spelling.

use anyhow::{Context, Result};
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Protocol, Request};
use portcullis_e2e::table::Table;
use portcullis_e2e::tokens::{self, BINDING_COOKIE, TOKEN_COOKIE};
use portcullis_e2e::unharmed::Vms;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};

/// What no client may tell the origin.
const RESERVED: [&str; 4] = [
    "x-access-jwt-assertion",
    "x-access-user-email",
    "x-access-user-id",
    "x-access-token",
];
/// Below it no session is needed.
const OPEN: &str = "/api/echo/open/x";

/// A name as some server would take it for the same: servers fold `_` into `-` (RFC 3875).
fn spellings(name: &str) -> Vec<String> {
    let mixed = |keep: usize| {
        let folded = |(at, c): (usize, char)| match c {
            '-' if at % 2 == keep => '_',
            c if at % 3 == keep => c.to_ascii_uppercase(),
            c => c,
        };
        name.chars().enumerate().map(folded).collect::<String>()
    };
    vec![
        name.to_owned(),
        name.to_uppercase(),
        name.replace('-', "_"),
        name.replace('-', "_").to_uppercase(),
        name.replacen('-', "_", 1),
        mixed(0),
        mixed(1),
    ]
}

fn application(stand: &Stand, header_tokens: &'static str) -> Result<Application> {
    stand.application(&ApplicationSettings {
        binding_cookie: true,
        options: &[
            "--bypass",
            "/api/echo/open/*",
            "--header-tokens",
            header_tokens,
        ],
        ..ApplicationSettings::default()
    })
}

#[test]
fn no_spelling_of_an_identity_header_reaches_the_origin() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let application = application(stand, "true")?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let token = &tokens::token(&browser, &application)?.value;
    let binding = &tokens::binding(&browser, &application)?.value;
    let session = format!("{TOKEN_COOKIE}={token}; {BINDING_COOKIE}={binding}");
    let mut table = Table::new("identity-headers", &["sent", "with a session", "bypassed"]);
    for name in RESERVED.iter().flat_map(|name| spellings(name)) {
        for protocol in PROTOCOLS {
            // Twice, and named as one that concerns this connection only.
            let spoofed = |path| {
                let request = Request::sub_request(path)
                    .with("cookie", &session)
                    .with(&name, "evil")
                    .with(&name, "evil too");
                match protocol {
                    Protocol::Http1 => {
                        request.with("connection", "x-access-user-email, x-access-user-id")
                    }
                    Protocol::Http2 => request,
                }
            };
            let guarded = stand.ask(&application, protocol, &spoofed("/api/echo"))?;
            let open = stand.ask(&application, protocol, &spoofed(OPEN))?;
            let [with, without] = [&guarded, &open].map(|answer| {
                assert_eq!(answer.status, 200, "{name} over {protocol}");
                String::from_utf8_lossy(&answer.body).into_owned()
            });
            assert!(
                !with.contains("evil") && !without.contains("evil"),
                "{name}: {with} {without}"
            );
            let echo: Echo = serde_json::from_str(&with)?;
            let email = echo.value("x-access-user-email").context("no identity")?;
            assert_eq!(email, user.email, "{name} over {protocol}");
            assert_eq!(echo.value("x-access-user-id"), Some(user.id.as_str()));
            assert_eq!(echo.value("x-access-jwt-assertion"), Some(token.as_str()));
            assert!(!without.contains("x-access"), "{without}");
            let sent = format!("{name} twice, {protocol}");
            table.row(&[&sent, email, "no identity"]);
        }
    }
    table.print()?;
    vms.ensure_same()
}

/// Header, value, and what comes of it; `@T` is the token of a user's browser.
#[rustfmt::skip] // One row a line.
const HEADER_TOKENS: [(&str, &str, &str, bool); 9] = [
    // With header tokens allowed: a bound token demands its binding wherever it comes from.
    ("authorization", "Bearer @T", "binding_missing", true),
    ("authorization", "bearer @T", "binding_missing", true),
    ("authorization", "BEARER   @T", "binding_missing", true),
    ("x-access-token", "@T", "binding_missing", true),
    ("x-access-token", "Bearer @T", "token_malformed", true),
    ("authorization", "Basic @T", "no_session", true),
    // Otherwise the filter does not look there.
    ("authorization", "Bearer @T", "no_session", false),
    ("x-access-token", "@T", "no_session", false),
    ("authorization", "Bearer other", "no_session", false),
];

#[test]
fn a_browsers_token_in_a_header_still_needs_its_binding() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let user = stand.user()?;
    let applications = [application(stand, "false")?, application(stand, "true")?];
    let mut table = Table::new(
        "header-tokens",
        &["header", "allowed", "without binding", "with"],
    );
    for (name, value, expected, allowed) in HEADER_TOKENS {
        let application = &applications[usize::from(allowed)];
        let browser = stand.sign_in(&user, application)?;
        let token = &tokens::token(&browser, application)?.value;
        let binding = &tokens::binding(&browser, application)?.value;
        let request = Request::sub_request("/api/echo").with(name, value.replace("@T", token));
        let bound = request
            .clone()
            .with("cookie", format!("{BINDING_COOKIE}={binding}"));
        for protocol in PROTOCOLS {
            let answer = stand.ask(application, protocol, &request)?;
            let refusal = Refusal::of_answer(&answer)?;
            assert_eq!(refusal.reason, expected, "{name}: {value} over {protocol}");
            let with = stand.ask(application, protocol, &bound)?;
            let admitted = expected == "binding_missing";
            assert_eq!(
                with.status == 200,
                admitted,
                "{name}: {value} over {protocol}"
            );
            table.row(&[
                &format!("{name}: {value}"),
                &allowed.to_string(),
                expected,
                &with.status.to_string(),
            ]);
        }
    }
    table.print()?;
    vms.ensure_same()
}

#[test]
fn authorization_of_others_passes_untouched_and_ours_does_not_pass() -> Result<()> {
    let stand = stand()?;
    let application = application(stand, "false")?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let token = &tokens::token(&browser, &application)?.value;
    let others = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl";
    for protocol in PROTOCOLS {
        for (sent, seen) in [
            (format!("Bearer {others}"), Some(format!("Bearer {others}"))),
            ("Basic a2V5".to_owned(), Some("Basic a2V5".to_owned())),
            ("Bearer x".to_owned(), Some("Bearer x".to_owned())),
            (format!("Bearer {token}"), None),
            (format!("bEARER  {token}"), None),
        ] {
            let request = Request::sub_request(OPEN).with("authorization", &sent);
            let answer = stand.ask(&application, protocol, &request)?;
            let echo: Echo = serde_json::from_slice(&answer.body)?;
            assert_eq!(echo.value("authorization"), seen.as_deref(), "{protocol}");
        }
    }
    Ok(())
}
