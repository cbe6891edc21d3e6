//! The demo application's page with the script, service worker and manifest.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::sites::WITH_TEAM_DOMAIN;
use portcullis_e2e::{ApplicationSettings, stand};

const LOG_LIMIT: Duration = Duration::from_secs(5);
/// The page asks every three seconds.
const LOGIN_LIMIT: Duration = Duration::from_secs(15);

#[test]
fn s20_the_demo_page_with_the_script_goes_on() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings {
        site: WITH_TEAM_DOMAIN,
        ..ApplicationSettings::default()
    })?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/with-script"))?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&application.url("/with-script"))?;
    tab.fetch_manifest()?;
    let manifest = ("/app.webmanifest", "via_upstream");
    wait::until("the manifest", LOG_LIMIT, || {
        Ok((stand.count_in_access_log(&application, manifest)? > 0).then_some(()))
    })?;
    tab.wait_for("document.querySelector('#application').innerText.startsWith('app-')")?;
    tab.fill("#text", "An hour's work")?;

    let control = &stand.deployment.control;
    control.revoke_application(&application.name)?;
    let begun = ("/.access/login", "access.silent_login");
    wait::until("a login without a prompt", LOGIN_LIMIT, || {
        Ok((stand.count_in_access_log(&application, begun)? == 1).then_some(()))
    })?;
    tab.click("#send")?;
    tab.wait_for("document.querySelector('#sent').innerText.startsWith('received: ')")?;
    assert_eq!(
        tab.run("document.querySelector('#text').value")?,
        "An hour's work"
    );
    assert_eq!(tab.run("document.querySelector('#expired').hidden")?, true);
    assert!(!tab.text()?.contains("401"), "the page showed a refusal");
    tab.screenshot("demo-with-script")
}
