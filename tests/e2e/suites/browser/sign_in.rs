//! Signing in as people do.

use std::thread;

use anyhow::{Result, anyhow};
use portcullis_e2e::chromium::{SIGN_IN, SameSite, Tab, visitor};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};

const BINDING_COOKIE: &str = "__Host-access_binding";
const GLOBAL_COOKIE: &str = "__Host-access_session";

#[test]
fn s02_and_b08_sign_in_leaves_two_sessions_in_host_cookies() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&application.url("/"))?;

    let team = portcullis_demo::deployment::TEAM_HOST;
    for (host, name) in [
        (application.host.as_str(), TOKEN_COOKIE),
        (&application.host, BINDING_COOKIE),
        (team, GLOBAL_COOKIE),
    ] {
        let cookie = visitor.cookie(host, name)?;
        assert!(cookie.secure && cookie.http_only, "{cookie:?}");
        assert_eq!(cookie.path, "/");
        assert_eq!(cookie.same_site, Some(SameSite::Lax));
        assert!(!cookie.session, "it has an end of its own");
    }
    let cookies = visitor.cookies()?;
    let attempts = cookies
        .iter()
        .filter(|cookie| cookie.name.starts_with("__Host-access_login_"));
    assert_eq!(attempts.count(), 0, "the attempt is over");
    Ok(())
}

#[test]
fn s14_scripts_see_the_token_only_where_the_application_says_so() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let user = stand.user()?;
    for http_only in [true, false] {
        let application = stand.application(&ApplicationSettings {
            http_only,
            binding_cookie: true,
            ..ApplicationSettings::default()
        })?;
        let tab = visitor.tab()?;
        tab.open(&application.url("/"))?;
        if http_only {
            tab.sign_in(&user)?;
        }
        tab.arrive(&application.url("/"))?;
        let seen = tab.run("document.cookie")?;
        let seen = seen.as_str().unwrap_or_default();
        assert_eq!(seen.contains(TOKEN_COOKIE), !http_only, "{seen}");
        assert!(!seen.contains(BINDING_COOKIE), "{seen}");
    }
    Ok(())
}

#[test]
fn b07_the_fragment_of_an_address_survives_sign_in() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let url = application.url("/reports?year=2026#chapter-3");
    let tab = visitor.tab()?;
    tab.open(&url)?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&url)
}

#[test]
fn b07_five_tabs_restored_at_once_all_end_signed_in() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let pages: Vec<(Tab, String)> = (0..5)
        .map(|number| Ok((visitor.tab()?, application.url(&format!("/page-{number}")))))
        .collect::<Result<_>>()?;
    // All are at the form before the first is sent.
    at_once(&pages, |(tab, url)| {
        tab.open(url)?;
        tab.fill_in(&user)
    })?;
    at_once(&pages, |(tab, url)| {
        // A tab without the form has gone on by itself, since another was faster.
        let send = format!("setTimeout(() => document.querySelector('{SIGN_IN}')?.click())");
        tab.run(&send).ok();
        tab.arrive(url)
    })
}

#[test]
fn b07_a_double_click_on_sign_in_signs_in() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.fill_in(&stand.user()?)?;
    tab.click_twice(SIGN_IN)?;
    tab.arrive(&application.url("/"))
}

#[test]
fn b07_the_back_button_after_sign_in_leads_to_no_dead_end() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&application.url("/"))?;

    // To the form, if it is still in the history; signed in as one is, it leads on.
    tab.run("setTimeout(() => history.back())")?;
    tab.wait_for("document.readyState === 'complete'")?;
    tab.open(&application.url("/after"))?;
    tab.arrive(&application.url("/after"))
}

/// Does the same in all tabs at the same time.
pub fn at_once(
    pages: &[(Tab, String)],
    what: impl Fn(&(Tab, String)) -> Result<()> + Sync,
) -> Result<()> {
    let what = &what;
    thread::scope(|scope| {
        let running: Vec<_> = pages
            .iter()
            .map(|page| scope.spawn(move || what(page)))
            .collect();
        running.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow!("the thread of a tab panicked"))?
        })
    })
}
