//! "Revoke existing tokens" of an application.

use anyhow::Result;
use portcullis_e2e::{ApplicationSettings, stand, tokens};

#[test]
fn s08_revoking_an_application_ends_its_sessions() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (application, other) = (stand.application(&settings)?, stand.application(&settings)?);
    let (ana, ben) = (stand.user()?, stand.user()?);
    let mut browser_of_ana = stand.sign_in(&ana, &application)?;
    let browser_of_ben = stand.sign_in(&ben, &application)?;
    browser_of_ana.open(&other.url("/"))?;
    stand.admitted_by_workers(&browser_of_ana, &application)?;
    stand.admitted_by_workers(&browser_of_ben, &application)?;

    stand
        .deployment
        .control
        .revoke_application(&application.name)?;

    for browser in [&browser_of_ana, &browser_of_ben] {
        let reason = stand.refused_by_workers(browser, &application)?;
        assert_eq!(reason, "session_revoked");
    }
    stand.admitted_by_workers(&browser_of_ana, &other)
}

#[test]
fn s09_after_it_the_same_users_get_a_new_token_without_a_prompt() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &application)?;
    let old = tokens::token(&browser, &application)?.value.clone();
    stand
        .deployment
        .control
        .revoke_application(&application.name)?;
    stand.refused_by_workers(&browser, &application)?;

    let url = application.url("/after?a=1");
    let page = browser.open(&url)?;

    assert_eq!((page.status, page.url.as_str()), (200, url.as_str()));
    assert_ne!(tokens::token(&browser, &application)?.value, old);
    stand.admitted_by_workers(&browser, &application)
}
