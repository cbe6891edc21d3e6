//! Pages that people see when something is in the way: each says what to do, none is a loop, and
//! each keeps to its own Content Security Policy.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::control::{Allow, User};
use portcullis_demo::wait;
use portcullis_e2e::chromium::{SIGN_IN, Tab, Visitor, visitor};
use portcullis_e2e::{Application, ApplicationSettings, sites, stand};

const SEND: &str = "button";
const WINDOW_LIMIT: Duration = Duration::from_secs(10);

#[test]
fn b07_a_form_sent_without_a_session_says_that_nothing_was_sent() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let target = stand.unique_path();
    let page = stand.publish(
        "",
        &format!(
            "<form method=post action='{target}'><input name=text><button>Send</button></form>"
        ),
    );
    let tab = signed_in(&visitor, &user, &application, &page)?;
    tab.fill("input", "An hour's work")?;
    visitor.delete_cookies()?;
    tab.click(SEND)?;

    tab.wait_for_heading("Nothing was sent")?;
    tab.screenshot("form-not-sent")?;
    assert_eq!(stand.access_log_of(&target)?.status, 401);
    assert_eq!(stand.reached_origin(&target), 0);

    // Sign in beside it, go back, send again: the work is still there.
    tab.click("a.act")?;
    let beside = wait::until("the window for signing in", WINDOW_LIMIT, || {
        Ok(visitor.opened_by(&tab).ok())
    })?;
    beside.sign_in(&user)?;
    beside.arrive(&application.url(&page))?;
    tab.run("setTimeout(() => history.back())")?;
    tab.arrive(&application.url(&page))?;
    assert_eq!(
        tab.run("document.querySelector('input').value")?,
        "An hour's work"
    );
    tab.click(SEND)?;
    tab.arrive(&application.url(&target))?;
    assert!(tab.text()?.contains(r#""method":"POST""#));
    Ok(())
}

#[test]
fn s20_a_page_tells_from_the_401_that_the_session_has_ended() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let tab = signed_in(&visitor, &user, &application, "/notes?n=1")?;
    stand
        .deployment
        .control
        .revoke_application(&application.name)?;
    // The demo application's page asks every few seconds and reads the 401.
    tab.wait_for("document.querySelector('#expired').hidden === false")?;
    assert!(tab.text()?.contains("(session_revoked)"));
    tab.click("#sign-in")?;
    tab.wait_for("document.querySelector('#sub-request')?.innerText.startsWith('200') === true")?;
    tab.arrive(&application.url("/notes?n=1"))
}

#[test]
fn b07_without_cookies_sign_in_ends_in_a_page_that_says_so() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings {
        site: sites::WITHOUT_COOKIES,
        ..ApplicationSettings::default()
    })?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.sign_in(&stand.user()?)?;
    tab.wait_for_heading("This sign-in cannot be finished")?;
    // It begins again by itself, once.
    tab.wait_for("document.body.innerText.includes('allow this site to set cookies')")?;
    tab.screenshot("cookies-blocked")?;
    // Trying again, now without a password, ends there as well.
    tab.click("a.act")?;
    tab.wait_for_heading("This sign-in cannot be finished")?;
    assert!(
        visitor
            .cookies()?
            .iter()
            .all(|cookie| cookie.domain != application.host)
    );
    Ok(())
}

#[test]
fn s13_a_blocked_user_sees_for_how_long() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.fill_in(&user)?;
    stand.deployment.control.revoke_user(&user.email)?;
    tab.click(SIGN_IN)?;
    tab.wait_for_heading("You cannot sign in right now")?;
    tab.screenshot("user-blocked")?;
    // The page counts down, and offers to try again when that can help.
    tab.wait_for(
        "document.querySelector('[role=status]')?.innerText === 'You can try again now.'",
    )?;
    tab.click("a.act:not([hidden])")?;
    tab.sign_in(&user)?;
    tab.arrive(&application.url("/"))
}

#[test]
fn s07_who_has_no_access_is_told_so_and_is_led_nowhere() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&["nobody@example.com"]),
        ..ApplicationSettings::default()
    })?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.sign_in(&stand.user()?)?;
    tab.wait_for_heading("You have no access")?;
    tab.screenshot("no-access")?;
    tab.click("a.act")?;
    tab.wait_for_heading("Sign in")
}

#[test]
fn b07_pages_of_the_filter_keep_to_their_own_policy() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let tab = signed_in(&visitor, &user, &application, "/")?;
    for (path, heading, name) in [
        (
            "/.access/callback?code=x&state=y",
            "You are signed in already",
            "stale-callback",
        ),
        ("/.access/nothing", "Page not found", "nothing-here"),
        ("/.access/logout", "Sign out?", "sign-out"),
    ] {
        tab.open(&application.url(path))?;
        tab.wait_for_heading(heading)?;
        let style = "getComputedStyle(document.querySelector('main')).borderRadius";
        assert_eq!(tab.run(style)?, "12px", "{name}: the style is taken");
        tab.screenshot(name)?;
    }
    tab.click(SEND)?;
    tab.wait_for_heading("You are signed out")?;
    tab.screenshot("signed-out")?;
    // Signed out already, nobody is asked; and a link leads back in.
    tab.open(&application.url("/.access/logout"))?;
    tab.wait_for_heading("You are not signed in here")?;
    tab.screenshot("not-signed-in")?;
    tab.click("a.act.second")?;
    tab.wait_for_heading("You are not signed in")?;
    tab.screenshot("not-signed-in-anywhere")?;
    tab.click("a.act")?;
    tab.wait_for_heading("Sign in")?;
    tab.open(&application.url("/.access/nothing"))?;

    // What a violation looks like, so that none above means none.
    tab.run("document.body.append(Object.assign(new Image(), { src: '/x.png' }))")?;
    tab.wait_for("window.__violations.length > 0")
}

/// A tab in which a user has signed in to a page of the application.
fn signed_in(visitor: &Visitor, user: &User, application: &Application, path: &str) -> Result<Tab> {
    let tab = visitor.tab()?;
    tab.open(&application.url(path))?;
    tab.sign_in(user)?;
    tab.arrive(&application.url(path))?;
    Ok(tab)
}
