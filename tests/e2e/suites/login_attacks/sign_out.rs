//! Which requests can sign a user out.

use anyhow::Result;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::table::Table;
use portcullis_e2e::{ApplicationSettings, stand};
use url::Url;

const SIGN_OUT: &str = "/.access/logout";

/// What is sent with the cookies of a signed-in user. `@O` is the application's origin.
#[rustfmt::skip] // One row a line.
const OTHERS: [(&str, &[(&str, &str)]); 15] = [
    ("POST", &[]),
    ("POST", &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")]),
    ("POST", &[("sec-fetch-site", "cross-site"), ("origin", "@O")]),
    ("POST", &[("sec-fetch-site", "same-site"), ("origin", "@O")]),
    ("POST", &[("sec-fetch-site", "none")]),
    ("POST", &[("sec-fetch-site", ""), ("origin", "@O")]),
    ("POST", &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")]),
    ("POST", &[("origin", "https://evil.example")]),
    ("POST", &[("origin", "null")]),
    ("POST", &[("origin", "@O0")]),
    ("POST", &[("origin", "@O.evil.example")]),
    ("POST", &[("origin", "@O/")]),
    ("POST", &[("origin", "@O"), ("origin", "https://evil.example")]),
    ("POST", &[("referer", "@O/")]),
    ("GET", &[("sec-fetch-site", "same-origin"), ("origin", "@O")]),
];

#[test]
fn no_other_site_signs_anybody_out() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let url = Url::parse(&application.url("/"))?;
    let cookies = browser.jar.header(&url).unwrap_or_default();
    let mut table = Table::new("sign-out", &["method", "headers", "came back"]);
    for (method, headers) in OTHERS {
        let request = Request::new(method, SIGN_OUT).with("cookie", &cookies);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.with(name, value.replace("@O", &application.origin))
        });
        for protocol in PROTOCOLS {
            let answer = stand.ask(&application, protocol, &request)?;
            let expected = if method == "GET" { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{headers:?} over {protocol}");
            assert_eq!(answer.header("set-cookie"), None, "{headers:?}");
            table.row(&[method, &format!("{headers:?}"), &answer.status.to_string()]);
        }
    }
    table.print()?;
    stand.admitted_by_workers(&browser, &application)
}

#[test]
fn the_application_itself_signs_out_everywhere() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    };
    let (one, other) = (stand.application(&settings)?, stand.application(&settings)?);
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", "@O")] {
        let mut browser = stand.sign_in(&stand.user()?, &one)?;
        assert_eq!(browser.open(&other.url("/"))?.status, 200);
        let thief = browser.jar.clone();

        let answer = browser.request(
            portcullis_demo::browser::Method::POST,
            &one.url(SIGN_OUT),
            |request| request.header(name, value.replace("@O", &one.origin)),
        )?;
        assert_eq!(answer.status, 200, "{}", answer.text());

        assert!(
            !browser
                .jar
                .of(&one.host)
                .any(|cookie| cookie.name.contains("token"))
        );
        // Not only are the cookies gone: copies made before are worthless too.
        browser.jar = thief;
        for application in [&one, &other] {
            let reason = stand.refused_by_workers(&browser, application)?;
            assert_eq!(reason, "session_revoked");
        }
    }
    Ok(())
}

#[test]
fn a_stolen_token_without_its_binding_signs_nobody_out() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let token = portcullis_e2e::tokens::token(&browser, &application)?;
    let request = Request::new("POST", SIGN_OUT)
        .with("cookie", format!("{}={}", token.name, token.value))
        .with("origin", &application.origin);
    for protocol in PROTOCOLS {
        assert_eq!(stand.ask(&application, protocol, &request)?.status, 403);
    }
    stand.admitted_by_workers(&browser, &application)
}
