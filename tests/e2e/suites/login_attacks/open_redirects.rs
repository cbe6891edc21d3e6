//! After sign-in the user is always sent to the application.

use anyhow::{Context, Result};
use portcullis::protocol::return_to::MAX_BYTES;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::table::{Table, shown};
use portcullis_e2e::{ApplicationSettings, stand};
use url::Url;

use super::steps::{callback_after, forget_session, parameter, with_parameter};

/// What is wished for, as it stands in the query, and where that leads.
const WISHES: [(&str, &str); 42] = [
    ("/x", "/x"),
    ("/x%3Fa%3D%2F%2Fevil.example", "/x?a=//evil.example"),
    ("/x//evil.example", "/x//evil.example"),
    ("", "/"),
    ("//evil.example/x", "/"),
    ("%2F%2Fevil.example%2Fx", "/"),
    ("///evil.example", "/"),
    ("/%5Cevil.example", "/"),
    ("/\\evil.example", "/"),
    ("%5C%5Cevil.example", "/"),
    ("/x%5C..%5C%5Cevil.example", "/"),
    ("https://evil.example", "/"),
    ("https:%2F%2Fevil.example", "/"),
    ("https:evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("data:text/html,x", "/"),
    ("evil.example", "/"),
    ("@evil.example", "/"),
    (".evil.example", "/"),
    (":@evil.example", "/"),
    ("%09/evil.example", "/"),
    ("/%09/evil.example", "/"),
    ("/%0A/evil.example", "/"),
    ("/%0D%0ALocation:%20https://evil.example", "/"),
    ("/%00/x", "/"),
    ("/+/evil.example", "/"),
    ("/%E2%80%8B/evil.example", "/"),
    ("/%FF", "/"),
    ("/.access/logout", "/"),
    ("/./.access/logout", "/"),
    ("/x/../.access/logout", "/"),
    ("/x/%2e%2e/.access/logout", "/"),
    ("/x/%252e%252e/.access/logout", "/"),
    ("/%252eaccess/logout", "/"),
    ("/x/..//evil.example", "/"),
    (".//evil.example", "/"),
    ("/x%3Fa%3Db%5Cc", "/x?a=b%5Cc"),
    ("/x%3Fa%3Db%20c", "/x?a=b%20c"),
    ("/x%3Fa%3D%C3%A9", "/x?a=%C3%A9"),
    ("/x%3Fa%3Db%0Ac", "/"),
    ("/.access/login%3Freturn_to%3D/x", "/"),
    ("/x&return_to=//evil.example", "/"),
];

/// Paths that a link may lead to.
const PATHS: [&str; 12] = [
    "//evil.example/x",
    "///evil.example",
    "/\\evil.example/x",
    "\\\\evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/x/..//evil.example",
    "/.//evil.example",
    "//evil.example%2f..",
    "/%0d%0aLocation:%20https://evil.example",
    "https://evil.example/x",
    "//evil.example:443@x/",
];

#[test]
fn every_wish_ends_at_the_application() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let mut table = Table::new(
        "return-to",
        &["return_to", "by the filter", "by the team domain"],
    );
    let long = format!("/{}", "a".repeat(MAX_BYTES - 1));
    let longer = format!("{long}a");
    let rows = WISHES
        .into_iter()
        .chain([(long.as_str(), long.as_str()), (&longer, "/")]);
    for (wish, expected) in rows {
        let mut ends = Vec::new();
        for forged_at_the_team_domain in [false, true] {
            forget_session(&mut browser, &application);
            let callback = if forged_at_the_team_domain {
                // The attacker controls the query of the team domain's own page.
                let answer = browser.navigate(&application.url("/"))?;
                let login = answer.location()?.context("no redirect")?;
                let forged = with_parameter(&login, "return_to", Some(wish));
                let answer = browser.navigate(&forged)?;
                // A parameter twice is a bad link, said on the team domain.
                if answer.status >= 400 {
                    ends.push(answer.status.to_string());
                    continue;
                }
                callback_after(&mut browser, answer)?
            } else {
                let login = application.url(&format!("/.access/login?return_to={wish}"));
                let answer = browser.navigate(&login)?;
                // An address that is too long is said to be.
                if answer.status == 414 {
                    assert!(wish.len() > MAX_BYTES, "{wish}");
                    ends.push(answer.status.to_string());
                    continue;
                }
                callback_after(&mut browser, answer)?
            };
            let answer = browser.navigate(callback.as_str())?;
            let location = answer.header("location").context("no redirect")?;
            assert_eq!(location, application.url(expected), "{wish}");
            ends.push(location.to_owned());
        }
        table.row(&[wish, &ends[0], &ends[1]]);
    }
    table.print()
}

#[test]
fn no_path_makes_a_redirect_to_another_host() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut table = Table::new("paths-to-login", &["path", "status", "return_to"]);
    for path in PATHS {
        for protocol in PROTOCOLS {
            // Some of these no HTTP/2 client sends.
            let Ok(answer) = stand.ask(&application, protocol, &Request::navigation(path)) else {
                continue;
            };
            let mut wish = String::new();
            if let Some(location) = answer.header("location") {
                let location = Url::parse(location)?;
                assert_eq!(location.host_str(), Some("team.localhost"), "{path}");
                let pairs: Vec<_> = location.query_pairs().into_owned().collect();
                let value = |name| pairs.iter().find(|pair| pair.0 == name);
                wish.clone_from(&value("return_to").context("no return_to")?.1);
                assert_eq!(value("origin").context("no origin")?.1, application.origin);
                let own = wish.starts_with('/') && !wish.starts_with("//");
                assert!(own && !wish.contains('\\'), "{path} became {wish}");
            }
            let path = shown(path.as_bytes());
            table.row(&[&path, &answer.status.to_string(), &wish]);
        }
    }
    table.print()
}

#[test]
fn nothing_that_a_request_says_of_its_host_makes_another_origin() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    for protocol in PROTOCOLS {
        let request = Request::navigation("/x")
            .with("x-forwarded-host", "evil.example")
            .with("x-forwarded-proto", "http")
            .with("x-forwarded-port", "80")
            .with("forwarded", "host=evil.example;proto=http");
        let answer = stand.ask(&application, protocol, &request)?;
        let location = Url::parse(answer.header("location").context("no redirect")?)?;
        let origin = location.query_pairs().find(|pair| pair.0 == "origin");
        assert_eq!(origin.context("no origin")?.1, application.origin);

        let authority = |text: &str| text.replace("@H", &application.host);
        for (host, status) in [
            ("evil.example", 403),
            ("@H", 403),
            ("@H:1", 403),
            ("@H.evil.example", 403),
            ("team.localhost.evil.example", 403),
        ] {
            let host = authority(host);
            let door = stand.door(&application);
            let door = portcullis_e2e::request::Door {
                authority: &host,
                ..door
            };
            let answer = door.ask(protocol, &Request::navigation("/x"))?;
            assert_eq!(answer.status, status, "{host} over {protocol}");
            assert_eq!(answer.header("location"), None);
        }
    }
    Ok(())
}

#[test]
fn the_team_domain_sends_codes_to_registered_origins_alone() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, other) = (stand.application(&settings)?, stand.application(&settings)?);
    let mut browser = stand.sign_in(&stand.user()?, &one)?;
    forget_session(&mut browser, &one);
    let login = browser.navigate(&one.url("/"))?.location()?;
    let login = login.context("no redirect")?;
    assert!(parameter(&login, "origin").is_ok());
    for origin in [
        "https%3A%2F%2Fevil.example",
        &other.origin,
        &one.origin.replace("https", "http"),
        &format!("{}/", one.origin),
        &format!("{}@evil.example", one.origin),
        &one.origin.to_uppercase(),
        "",
    ] {
        let answer = browser.navigate(&with_parameter(&login, "origin", Some(origin)))?;
        assert_eq!(answer.status, 400, "{origin}: {}", answer.text());
        assert_eq!(answer.header("location"), None, "{origin}");
    }
    Ok(())
}
