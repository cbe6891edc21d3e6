//! What a browser holds after signing in, and what each token is good for.

use anyhow::{Context, Result};
use portcullis_demo::browser::Method;
use portcullis_demo::deployment::TEAM_HOST;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::tokens::{self, SESSION_COOKIE, TOKEN_COOKIE};
use portcullis_e2e::{ApplicationSettings, stand};

#[test]
fn s02_signing_in_makes_a_global_and_an_application_token() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let team_domain = stand.deployment.team_domain();

    let browser = stand.sign_in(&user, &application)?;

    let (header, claims) = tokens::unverified(&tokens::session(&browser)?.value)?;
    assert_eq!(header["typ"], "org+jwt");
    assert_eq!(claims["type"], "org");
    assert_eq!(claims["iss"], team_domain);
    assert_eq!(claims["aud"], serde_json::json!([team_domain]));
    assert_eq!(claims["sub"], user.id);
    let session_id = claims["sid"].clone();

    let (header, claims) = tokens::unverified(&tokens::token(&browser, &application)?.value)?;
    assert_eq!(header["typ"], "app+jwt");
    assert_eq!(claims["type"], "app");
    assert_eq!(claims["iss"], team_domain);
    assert_eq!(claims["aud"], serde_json::json!([application.audience]));
    assert_eq!(claims["sub"], user.id);
    assert_eq!(claims["email"], user.email);
    assert_eq!(claims["sid"], session_id);

    // Each on its own host, and nothing of the login attempt is left.
    let names = |host| {
        browser
            .jar
            .of(host)
            .map(|cookie| cookie.name.clone())
            .collect::<Vec<_>>()
    };
    let on_application = names(&application.host);
    assert!(on_application.contains(&TOKEN_COOKIE.to_owned()));
    assert!(
        !on_application
            .iter()
            .any(|name| name.starts_with("__Host-access_login_")),
        "{on_application:?}"
    );
    assert!(names(TEAM_HOST).contains(&SESSION_COOKIE.to_owned()));
    Ok(())
}

#[test]
fn s03_the_global_token_alone_opens_no_application() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let mut global = tokens::session(&browser)?.clone();
    let path = stand.unique_path();
    let url = application.url(&path);

    // Under its own name.
    global.host.clone_from(&application.host);
    let mut thief = stand.browser()?;
    thief.jar.insert(global.clone());
    assert_eq!(Refusal::of(&thief.xhr(&url)?)?.reason, "no_session");

    // Under the application token's name.
    TOKEN_COOKIE.clone_into(&mut global.name);
    thief.jar.insert(global.clone());
    let refusal = Refusal::of(&thief.xhr(&url)?)?;
    assert_eq!(refusal.status, 401);
    assert_ne!(refusal.reason, "no_session");

    // In the headers that carry tokens of scripts.
    for (name, value) in [
        ("authorization", format!("Bearer {}", global.value)),
        ("x-access-token", global.value.clone()),
    ] {
        let mut script = stand.browser()?;
        let answer = script.request(Method::GET, &url, |request| request.header(name, value))?;
        assert_eq!(answer.status, 401, "in {name}");
    }
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}

#[test]
fn s03_a_token_of_one_application_opens_no_other() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, other) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &one)?;
    let path = stand.unique_path();

    let mut carried = browser
        .jar
        .remove(&one.host, TOKEN_COOKIE)
        .context("no token")?;
    carried.host.clone_from(&other.host);
    browser.jar.insert(carried);

    let refusal = Refusal::of(&browser.xhr(&other.url(&path))?)?;
    assert_eq!(refusal.reason, "token_not_for_here");
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}
