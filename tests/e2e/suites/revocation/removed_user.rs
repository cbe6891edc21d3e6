//! Users who are removed, and users who are enabled again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_demo::control::User;
use portcullis_e2e::request::Request;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{ApplicationSettings, stand};
use serde_json::Value;

/// Longer than the pause between two events.
const NEXT_EVENT: Duration = Duration::from_secs(5);

#[test]
fn s10_removing_a_user_ends_sessions_and_streams_everywhere() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, other) = (stand.user()?, stand.user()?);
    let browser = stand.sign_in(&user, &application)?;
    let others = stand.sign_in(&other, &application)?;
    stand.admitted_by_workers(&browser, &application)?;
    let cookies = |browser: &portcullis_demo::browser::Browser| {
        let pairs = browser.jar.of(&application.host);
        let pairs: Vec<_> = pairs
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    };
    let events = |cookies: &str| {
        Request::new("GET", "/events")
            .with("accept", "text/event-stream")
            .with("cookie", cookies)
    };
    let mut held = stand
        .door(&application)
        .hold(&[events(&cookies(&browser)), events(&cookies(&others))])?;
    let control = &stand.deployment.control;

    let asked = Instant::now();
    let removed: Value = control.command(&["user", "remove", &user.email])?;

    held.breaks_off(0, REVOCATION_LIMIT).context("the stream")?;
    let reason = stand.refused_by_workers(&browser, &application)?;
    println!("refused everywhere after {:?}", asked.elapsed());
    ensure!(reason == "session_revoked", "refused as {reason}");
    ensure!(removed["sessions_ended"] == 1, "{removed}");
    held.goes_on(1, NEXT_EVENT)?;
    stand.admitted_by_workers(&others, &application)?;

    // The address again is another user: nothing of the first one is valid.
    let again: User = control.add_user(&user.email)?;
    ensure!(again.id != user.id, "the same id");
    stand.refused_by_workers(&browser, &application)?;
    let new = stand.sign_in(&again, &application)?;
    stand.admitted_by_workers(&new, &application)?;
    stand.refused_by_workers(&browser, &application)?;
    Ok(())
}

#[test]
fn s11_an_enabled_user_signs_in_again_and_old_tokens_stay_refused() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let old = stand.sign_in(&user, &application)?;
    stand.admitted_by_workers(&old, &application)?;
    let control = &stand.deployment.control;
    control.command::<Value>(&["user", "disable", &user.email])?;
    stand.refused_by_workers(&old, &application)?;
    control.command::<Value>(&["user", "enable", &user.email])?;

    let new = stand.sign_in(&user, &application)?;

    stand.admitted_by_workers(&new, &application)?;
    let reason = stand.refused_by_workers(&old, &application)?;
    ensure!(reason == "session_revoked", "refused as {reason}");
    Ok(())
}

#[test]
fn a_password_set_by_an_administrator_ends_the_users_sessions() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let old = stand.sign_in(&user, &application)?;
    stand.admitted_by_workers(&old, &application)?;
    let control = &stand.deployment.control;
    let set: Value = control.command(&["user", "passwd", &user.email])?;
    let reason = stand.refused_by_workers(&old, &application)?;
    ensure!(reason == "session_revoked", "refused as {reason}");
    let password = set["password"].as_str().context("no password")?.to_owned();
    let new = stand.sign_in(&User { password, ..user }, &application)?;
    stand.admitted_by_workers(&new, &application)
}
