//! `revoke application --fresh-login`.

use anyhow::Result;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

use super::list::sessions_of;

#[test]
fn b05_a_fresh_login_is_demanded_for_one_application() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (wiki, other) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &wiki)?;
    assert_eq!(browser.open(&other.url("/"))?.status, 200);
    stand.admitted_by_workers(&browser, &wiki)?;
    let control = &stand.deployment.control;
    let team = stand.deployment.team_domain();

    // A plain revocation lets the browser back in silently.
    control.revoke_application(&wiki.name)?;
    stand.refused_by_workers(&browser, &wiki)?;
    let page = browser.open(&wiki.url("/"))?;
    assert_eq!((page.status, page.url.as_str()), (200, &*wiki.url("/")));

    control.command::<Value>(&["revoke", "application", &wiki.name, "--fresh-login"])?;

    let reason = stand.refused_by_workers(&browser, &wiki)?;
    assert_eq!(reason, "session_revoked");
    stand.admitted_by_workers(&browser, &other)?;
    // A later plain one does not lift it.
    control.revoke_application(&wiki.name)?;
    let page = browser.open(&wiki.url("/"))?;
    assert!(page.url.as_str().starts_with(&team), "at {}", page.url);
    assert!(
        page.text().contains("requires a new sign-in"),
        "{}",
        page.text()
    );
    let page = browser.open(&other.url("/again"))?;
    assert_eq!(
        (page.status, page.url.as_str()),
        (200, &*other.url("/again"))
    );

    let page = browser.sign_in(&wiki.url("/"), &user)?;
    assert_eq!((page.status, page.url.as_str()), (200, &*wiki.url("/")));
    stand.admitted_by_workers(&browser, &wiki)?;
    stand.admitted_by_workers(&browser, &other)?;
    assert_eq!(sessions_of(stand, &user)?.len(), 1, "no leftover session");
    Ok(())
}
