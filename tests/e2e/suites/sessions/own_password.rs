//! `/password` in Chromium.

use anyhow::{Result, ensure};
use portcullis_demo::control::User;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

use super::list::sessions_of;

const OLD: &str = "#old-password";
const NEW: &str = "#new-password";
const AGAIN: &str = "#new-password-again";
const BUTTON: &str = "#change-password button";

#[test]
fn people_change_their_own_password_and_end_their_other_sessions() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let other = stand.sign_in(&user, &application)?;
    stand.admitted_by_workers(&other, &application)?;
    let page = format!("{}/sessions", stand.deployment.team_domain());
    let tab = visitor.tab()?;
    tab.open(&page)?;
    tab.sign_in(&user)?;
    tab.arrive(&page)?;
    tab.click("a[href='/password']")?;
    tab.wait_for_heading("Change your password")?;
    tab.screenshot("own-password")?;

    // The browser itself refuses what is too short.
    tab.fill(OLD, "not this one")?;
    tab.fill(NEW, "short")?;
    tab.fill(AGAIN, "short")?;
    tab.click(BUTTON)?;
    let invalid = tab.run("document.querySelector('#new-password:invalid') !== null")?;
    ensure!(
        invalid == Value::Bool(true),
        "a short password is no longer refused"
    );
    tab.run("document.querySelectorAll('[type=password]').forEach((field) => field.value = '')")?;
    let new = User {
        password: "a much better one".to_owned(),
        ..user.clone()
    };
    tab.fill(OLD, "not this one")?;
    tab.fill(NEW, &new.password)?;
    tab.fill(AGAIN, &new.password)?;
    tab.click(BUTTON)?;
    tab.wait_for(
        "document.querySelector('[role=alert]')?.innerText === 'The current password is wrong.'",
    )?;
    tab.screenshot("own-password-wrong")?;
    stand.admitted_by_workers(&other, &application)?;

    tab.fill(OLD, &user.password)?;
    tab.fill(NEW, &new.password)?;
    tab.fill(AGAIN, &new.password)?;
    tab.click(BUTTON)?;
    tab.wait_for_heading("Your password has been changed")?;
    let text = tab.text()?;
    ensure!(text.contains("1 other session has ended."), "{text}");
    tab.screenshot("own-password-changed")?;

    let reason = stand.refused_by_workers(&other, &application)?;
    ensure!(reason == "session_revoked", "refused as {reason}");
    // This browser stays signed in.
    tab.open(&application.url("/"))?;
    tab.arrive(&application.url("/"))?;
    ensure!(sessions_of(stand, &user)?.len() == 1, "only this session");
    stand.sign_in(&new, &application)?;
    ensure!(
        stand.sign_in(&user, &application).is_err(),
        "the old password is still valid"
    );
    Ok(())
}
