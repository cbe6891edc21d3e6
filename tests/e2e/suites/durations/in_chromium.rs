//! The end of sessions as people meet it, in Chromium.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor;
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};

/// A session of a second, and the leeway for clocks.
const LIMIT: Duration = Duration::from_secs(60);
const GLOBAL_COOKIE: &str = "__Host-access_session";

#[test]
fn s06_an_expired_page_load_comes_back_without_a_prompt() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let settings = |session_duration| ApplicationSettings {
        session_duration,
        binding_cookie: true,
        options: &["--refresh-in-request", "never"],
        ..ApplicationSettings::default()
    };
    let door = stand.application(&settings("24h"))?;
    let application = stand.application(&settings("1s"))?;
    let tab = visitor.tab()?;
    tab.open(&door.url("/"))?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&door.url("/"))?;
    let url = application.url("/reports?year=2026");
    tab.open(&url)?;
    tab.arrive(&url)?;
    let old = visitor.cookie(&application.host, TOKEN_COOKIE)?.value;
    let team = portcullis_demo::deployment::TEAM_HOST;
    let global = visitor.cookie(team, GLOBAL_COOKIE)?.value;

    wait::until("the session to expire", LIMIT, || {
        let status = tab.run("fetch('/api/time').then((answer) => answer.status)")?;
        Ok((status == 401).then_some(()))
    })?;
    tab.open(&url)?;
    tab.arrive(&url)?;
    assert_ne!(visitor.cookie(&application.host, TOKEN_COOKIE)?.value, old);
    assert_eq!(visitor.cookie(team, GLOBAL_COOKIE)?.value, global);
    Ok(())
}

#[test]
fn s05_after_the_global_sessions_end_the_form_shows() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let settings = |session_duration| ApplicationSettings {
        session_duration,
        binding_cookie: true,
        ..ApplicationSettings::default()
    };
    // The global session lasts as long as that of the application where it begins.
    let door = stand.application(&settings("20s"))?;
    let application = stand.application(&settings("24h"))?;
    let (tab, user) = (visitor.tab()?, stand.user()?);
    tab.open(&door.url("/"))?;
    tab.sign_in(&user)?;
    tab.arrive(&door.url("/"))?;
    for _ in 0..2 {
        let url = application.url("/");
        tab.open(&url)?;
        tab.arrive(&url)?;
        wait::until("the global session to end", LIMIT, || {
            let status = tab.run("fetch('/api/time').then((answer) => answer.status)")?;
            Ok((status == 401).then_some(()))
        })?;
        tab.open(&url)?;
        tab.wait_for_heading("Sign in")?;
        tab.screenshot("global_session_ended")?;
        // Each time it elapses, beginning with the one that this sign-in makes.
        // `Max-Age` counts whole seconds, so the door may stay open for one more.
        wait::until("the door's session to end", LIMIT, || {
            tab.open(&door.url("/"))?;
            let heading = tab.run("document.querySelector('h1')?.innerText")?;
            let form = heading
                .as_str()
                .is_some_and(|heading| heading.starts_with("Sign in"));
            Ok(form.then_some(()))
        })?;
        tab.sign_in(&user)?;
        tab.arrive(&door.url("/"))?;
    }
    Ok(())
}
