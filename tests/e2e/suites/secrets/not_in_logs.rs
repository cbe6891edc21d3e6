//! Logs, access logs, dumps and files of a whole life of a session: none holds a secret.

use std::fs;

use anyhow::{Context, Result};
use portcullis_e2e::tokens::{self, TOKEN_COOKIE};
use portcullis_e2e::{ApplicationSettings, stand};
use url::Url;

/// The value of a parameter of a redirect's target.
fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).ok()?;
    let mut pairs = url.query_pairs();
    pairs
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

#[test]
fn no_secret_is_in_a_log_or_dump() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &application)?;
    let mut secrets = vec![
        ("password", user.password.clone()),
        (
            "filter credential",
            stand.deployment.credential().to_owned(),
        ),
        (
            "application token",
            tokens::token(&browser, &application)?.value.clone(),
        ),
        (
            "binding secret",
            tokens::binding(&browser, &application)?.value.clone(),
        ),
        (
            "global session token",
            tokens::session(&browser)?.value.clone(),
        ),
    ];
    // A second login, step by step, for the code, and a code that is burnt.
    browser.jar.remove(&application.host, TOKEN_COOKIE);
    let to_team = browser.navigate(&application.url("/"))?;
    let to_team = to_team.location()?.context("no redirect")?;
    let state = parameter(to_team.as_str(), "state").context("no state")?;
    let callback = browser.navigate(to_team.as_str())?;
    let callback = callback.location()?.context("no code")?;
    let code = parameter(callback.as_str(), "code").context("no code")?;
    let mut stranger = stand.browser()?;
    let begins_again = stranger.navigate(callback.as_str())?;
    assert_eq!(begins_again.status, 302, "without a sign-in");
    assert_eq!(browser.navigate(callback.as_str())?.status, 400, "burnt");
    secrets.extend([("state", state), ("exchange code", code)]);

    let directory = stand.deployment.directory();
    let mut texts = vec![(
        "Envoy's configuration dump".to_owned(),
        stand.deployment.envoy.admin().text("/config_dump")?,
    )];
    for file in [
        "control.log",
        "envoy.log",
        "access.log",
        "envoy.yaml",
        "control.toml",
    ] {
        let bytes = fs::read(directory.join(file)).with_context(|| file.to_owned())?;
        texts.push((
            file.to_owned(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ));
    }
    for (place, text) in &texts {
        assert!(!text.is_empty(), "{place} is empty");
        for (name, secret) in &secrets {
            assert!(!text.contains(secret), "the {name} is in {place}");
        }
    }
    Ok(())
}
