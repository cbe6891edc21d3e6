//! Requests that claim a framework, from elsewhere or with a page to return to that is none.

use anyhow::{Context, Result};
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::sites::OTHER;
use portcullis_e2e::table::Table;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use serde_json::json;

/// What leads a page elsewhere.
const LEADING: [&str; 4] = ["hx-redirect", "x-inertia-location", "location", "refresh"];

fn from_own_page(framework: (&str, &str)) -> Request {
    Request::new("POST", "/api/time")
        .with("sec-fetch-site", "same-origin")
        .with("sec-fetch-mode", "cors")
        .with("sec-fetch-dest", "empty")
        .with(framework.0, framework.1)
}

/// What `HX-Current-URL` says, and the page that the user returns to.
fn pages(origin: &str) -> Vec<(String, Option<&'static str>)> {
    let own = |path: &str| format!("{origin}{path}");
    let long = own(&format!("/{}", "a".repeat(8192)));
    vec![
        (own("/a?b=c#d"), Some("%2Fa%3Fb%3Dc%23d")),
        (own("/"), Some("%2F")),
        (String::new(), None),
        ("/a".to_owned(), None),
        ("https://evil.example/a".to_owned(), None),
        (own(".evil.example/a"), None),
        (own("@evil.example/a"), None),
        (own("0/a"), None),
        (origin.replace("://", "://user@") + "/a", None),
        (origin.replace("https", "http") + "/a", None),
        (origin.to_uppercase() + "/a", None),
        (own("//evil.example/a"), None),
        (own("/\\evil.example/a"), None),
        (own("\\evil.example/a"), None),
        (own("/a\\..\\b"), None),
        (own("/a b"), None),
        (own("/a\tb"), None),
        (own("/caf\u{e9}"), None),
        (own("/.access/logout"), None),
        (own("/.access/login?return_to=/a"), None),
        ("javascript:alert(1)".to_owned(), None),
        (long, None),
    ]
}

#[test]
fn s20_and_b01_a_framework_returns_to_pages_of_its_own_origin_alone() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let login = application.url("/.access/login");
    let mut table = Table::new("frameworks-return", &["HX-Current-URL", "HX-Redirect"]);
    for protocol in PROTOCOLS {
        for (url, returns) in pages(&application.origin) {
            let request = from_own_page(("hx-request", "true")).with("hx-current-url", &url);
            let answer = stand.ask(&application, protocol, &request)?;
            assert_eq!(answer.status, 401, "{url}");
            let to = answer.header("hx-redirect").context("not led")?;
            let expected = match returns {
                Some(page) => format!("{login}?return_to={page}"),
                None => login.clone(),
            };
            assert_eq!(to, expected, "{url} over {protocol}");
            table.row(&[&url, to]);
        }
        let (name, own) = ("hx-current-url", application.url("/a"));
        let twice = from_own_page(("hx-request", "true"));
        let twice = twice.with(name, &own).with(name, &own);
        let answer = stand.ask(&application, protocol, &twice)?;
        let led = answer.header("hx-redirect");
        assert_eq!(led, Some(login.as_str()), "twice over {protocol}");
    }
    table.print()
}

#[test]
fn s20_and_b01_nothing_but_a_request_of_its_own_page_is_led() -> Result<()> {
    let stand = stand()?;
    let application = listing_another(stand)?;
    let evil = "https://evil.example";
    for protocol in PROTOCOLS {
        for (framework, value) in [
            ("hx-request", "true"),
            ("x-inertia", "true"),
            ("turbo-frame", "frame"),
        ] {
            for (name, other) in [
                ("sec-fetch-site", "same-site"),
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-site", "none"),
                ("origin", evil),
                ("origin", "null"),
            ] {
                let request = Request::new("POST", "/api/time")
                    .with(framework, value)
                    .with(name, other);
                let answer = stand.ask(&application, protocol, &request)?;
                assert_eq!(answer.status, 401, "{framework} with {name}: {other}");
                let kind = answer.header("content-type");
                assert_eq!(kind, Some("application/problem+json"), "{framework}");
                for leading in LEADING {
                    assert_eq!(answer.header(leading), None, "{framework}, {name}: {other}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn s20_and_b01_a_listed_origin_cannot_have_a_page_led() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let page = stand.application(&ApplicationSettings {
        site: OTHER,
        options: &["--bypass", "/*"],
        ..ApplicationSettings::default()
    })?;
    let asked = stand.application(&ApplicationSettings {
        options: &["--preflight", "answer", "--cors-origin", &page.origin],
        ..ApplicationSettings::default()
    })?;
    let tab = visitor.tab()?;
    tab.open(&page.url(&stand.publish("", "<body>")))?;
    let path = stand.unique_path();
    let url = asked.url(&path);
    let sees = tab.run(&format!(
        "fetch('{url}', {{ credentials: 'include', headers: {{ 'hx-request': 'true', \
         'hx-current-url': '{url}' }} }}).then(async (answer) => \
         [answer.status, (await answer.json()).reason, answer.headers.get('hx-redirect')])"
    ))?;
    assert_eq!(sees, json!([401, "no_session", null]));
    Ok(())
}

fn listing_another(stand: &Stand) -> Result<Application> {
    stand.application(&ApplicationSettings {
        options: &["--cors-origin", "https://evil.example"],
        ..ApplicationSettings::default()
    })
}
