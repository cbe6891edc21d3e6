//! Signing out on the team domain.

use anyhow::{Context, Result};
use portcullis_demo::browser::form::Form;
use portcullis_e2e::{ApplicationSettings, stand};

use super::list::sessions_of;

#[test]
fn the_team_domain_signs_out_everywhere_in_this_browser() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (one, two) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &one)?;
    assert_eq!(browser.open(&two.url("/"))?.status, 200);
    let phone = stand.sign_in(&user, &one)?;
    let thief = browser.jar.clone();

    let page = browser.open(&format!("{}/logout", stand.deployment.team_domain()))?;
    let form = Form::with_field(&page.text(), "csrf_token").context("no form")?;
    assert_eq!(browser.submit(&page.url, &form)?.status, 200);

    // Not only is the cookie gone: a copy made before is worthless too.
    browser.jar = thief;
    for application in [&one, &two] {
        let reason = stand.refused_by_workers(&browser, application)?;
        assert_eq!(reason, "session_revoked");
    }
    let page = browser.open(&one.url("/"))?;
    assert!(
        page.url
            .as_str()
            .starts_with(&stand.deployment.team_domain())
    );
    stand.admitted_by_workers(&phone, &one)?;
    assert_eq!(sessions_of(stand, &user)?.len(), 1);
    Ok(())
}
