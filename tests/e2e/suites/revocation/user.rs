//! "Revoke session" of a user.

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::stand::{LOGIN_BLOCK, REVOCATION_LIMIT};
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

#[test]
fn s10_revoking_a_user_ends_their_sessions_everywhere() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, two) = (stand.application(&settings)?, stand.application(&settings)?);
    let (user, other) = (stand.user()?, stand.user()?);
    let mut laptop = stand.sign_in(&user, &one)?;
    assert_eq!(laptop.open(&two.url("/"))?.status, 200);
    let phone = stand.sign_in(&user, &two)?;
    let browser_of_other = stand.sign_in(&other, &one)?;
    stand.admitted_by_workers(&laptop, &one)?;
    stand.admitted_by_workers(&laptop, &two)?;
    stand.admitted_by_workers(&phone, &two)?;

    stand.deployment.control.revoke_user(&user.email)?;

    for (browser, application) in [(&laptop, &one), (&laptop, &two), (&phone, &two)] {
        let reason = stand.refused_by_workers(browser, application)?;
        assert_eq!(reason, "session_revoked");
    }
    stand.admitted_by_workers(&browser_of_other, &one)?;

    // The global session is over too: a navigation leads to a prompt.
    let page = laptop.open(&one.url("/"))?;
    assert!(
        page.url
            .as_str()
            .starts_with(&stand.deployment.team_domain()),
        "at {}",
        page.url
    );
    Ok(())
}

#[test]
fn s11_a_disabled_user_stays_out_for_good() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let control = &stand.deployment.control;

    control.command::<Value>(&["user", "disable", &user.email])?;
    control.revoke_user(&user.email)?;
    stand.refused_by_workers(&browser, &application)?;

    // A user who was revoked later can sign in again, so this user's block is over too.
    let witness = stand.user()?;
    stand.sign_in(&witness, &application)?;
    control.revoke_user(&witness.email)?;
    wait::until(
        "a login block to end",
        LOGIN_BLOCK + REVOCATION_LIMIT,
        || Ok(stand.sign_in(&witness, &application).ok().map(drop)),
    )?;
    let mut browser = stand.browser()?;
    browser.sign_in(&application.url("/"), &user)?;
    assert_eq!(browser.xhr(&application.url("/api/time"))?.status, 401);
    Ok(())
}
