//! The application's policy.

use anyhow::Result;
use portcullis_demo::control::Allow;
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};

#[test]
fn s07_only_users_whom_the_policy_admits_get_a_token() -> Result<()> {
    let stand = stand()?;
    let (admitted, other) = (stand.user()?, stand.user()?);
    let application = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&[&admitted.email]),
        ..ApplicationSettings::default()
    })?;
    let path = stand.unique_path();
    let url = application.url(&path);

    let mut browser = stand.browser()?;
    let page = browser.sign_in(&url, &other)?;
    assert_eq!(page.status, 403);
    assert!(
        page.url
            .as_str()
            .starts_with(&stand.deployment.team_domain()),
        "at {}",
        page.url
    );
    assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());
    assert_eq!(browser.xhr(&url)?.status, 401);
    assert_eq!(stand.reached_origin(&path), 0);

    stand.sign_in(&admitted, &application)?;
    Ok(())
}

#[test]
fn s07_nobody_gets_a_token_without_the_right_password() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut user = stand.user()?;
    user.password.push('x');
    let path = stand.unique_path();

    let mut browser = stand.browser()?;
    let page = browser.sign_in(&application.url(&path), &user)?;
    assert!(page.text().contains("password"), "it asks again");
    assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}
