//! The binding cookie: it ties a token to the browser that signed in.

use anyhow::{Context, Result};
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::tokens::{self, BINDING_COOKIE};
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};

fn binding_application(stand: &Stand) -> Result<Application> {
    stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })
}

#[test]
fn s15_the_binding_cookie_is_set_checked_and_kept_from_the_origin() -> Result<()> {
    let stand = stand()?;
    let application = binding_application(stand)?;
    let user = stand.user()?;

    let mut browser = stand.sign_in(&user, &application)?;
    let token = tokens::token(&browser, &application)?.clone();
    let binding = tokens::binding(&browser, &application)?.clone();
    assert_eq!((binding.path.as_str(), binding.secure), ("/", true));
    assert_eq!(binding.same_site, token.same_site);
    // 256 bits in base64url.
    assert_eq!(binding.value.len(), 43);

    let echo: Echo = browser.fetch(&application.url("/api/echo"))?.json()?;
    assert!(
        echo.values("cookie").is_empty(),
        "{:?}",
        echo.values("cookie")
    );
    let received = serde_json::to_string(&echo)?;
    assert!(
        !received.contains(&binding.value),
        "the secret in {received}"
    );

    browser.jar.remove(&application.host, BINDING_COOKIE);
    let reason = stand.refused_by_workers(&browser, &application)?;
    assert_eq!(reason, "binding_missing");
    browser.jar.insert(binding);
    stand.admitted_by_workers(&browser, &application)
}

#[test]
fn s15_other_cookies_reach_the_origin_byte_for_byte() -> Result<()> {
    let stand = stand()?;
    let application = binding_application(stand)?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let token = &tokens::token(&browser, &application)?.value;
    let binding = &tokens::binding(&browser, &application)?.value;

    let mut request = format!(
        "GET /api/echo HTTP/1.1\r\nHost: {}\r\nX-Requested-With: XMLHttpRequest\r\n\
         Cookie: a=\"1 2\"; __Host-access_token={token}; b=x=y; {BINDING_COOKIE}={binding}; c=",
        application.origin.trim_start_matches("https://")
    )
    .into_bytes();
    request.extend(b"\xc3\xa9\xff; \r\n\r\n");
    let answer = stand.connect(&application)?.send(&request)?;

    assert_eq!(answer.status, 200);
    let echo: Echo = serde_json::from_slice(&answer.body)?;
    let cookies = echo.value("cookie").context("not one cookie header")?;
    let cookies = cookies.trim_end_matches([';', ' ']);
    assert_eq!(cookies, "a=\"1 2\"; b=x=y; c=\u{c3}\u{a9}\u{ff}");
    Ok(())
}

#[test]
fn s16_a_stolen_token_without_its_binding_opens_nothing() -> Result<()> {
    let stand = stand()?;
    let application = binding_application(stand)?;
    let (victim, attacker) = (stand.user()?, stand.user()?);
    let browser = stand.sign_in(&victim, &application)?;
    let stolen = tokens::token(&browser, &application)?.clone();

    let mut thief = stand.browser()?;
    thief.jar.insert(stolen.clone());
    assert_eq!(
        stand.refused_by_workers(&thief, &application)?,
        "binding_missing"
    );

    // Nor with a binding secret of the thief's own sign-in.
    let mut insider = stand.sign_in(&attacker, &application)?;
    stand.admitted_by_workers(&insider, &application)?;
    insider.jar.insert(stolen);
    assert_eq!(
        stand.refused_by_workers(&insider, &application)?,
        "binding_mismatch"
    );

    stand.admitted_by_workers(&browser, &application)
}
