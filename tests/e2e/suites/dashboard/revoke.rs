//! Revoking and ending in the pages, seen in the browsers of those who are concerned.

use anyhow::{Context, Result};
use portcullis_demo::control::User;
use portcullis_demo::wait;
use portcullis_e2e::chromium::{LIMIT, Tab, Visitor, visitor};
use portcullis_e2e::{Application, ApplicationSettings, stand};

use super::keyboard::press_at;
use super::{at, sign_in_as};

/// A page of an application that lies open in a browser of its own.
fn open_page(user: &User, application: &Application) -> Result<(Visitor, Tab)> {
    let visitor = visitor()?;
    let tab = visitor.tab()?;
    tab.open(&application.url("/"))?;
    tab.sign_in(user)?;
    tab.arrive(&application.url("/"))?;
    tab.lie_open()?;
    Ok((visitor, tab))
}

fn before_at(user: &User) -> &str {
    user.email.split('@').next().unwrap_or_default()
}

/// Waits until the page of a revocation says that all proxies have it.
fn applied_by_all(tab: &Tab) -> Result<()> {
    tab.wait_for_heading("Revoked")?;
    tab.wait_for("document.querySelector('h2').innerText.startsWith('Applied by all: 2 of 2')")
}

#[test]
fn s12_users_are_searched_selected_and_revoked() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (victim, bystander) = (stand.user()?, stand.user()?);
    let (_browser, page) = open_page(&victim, &application)?;
    let (_other, untouched) = open_page(&bystander, &application)?;
    let script = stand.sign_in(&victim, &application)?;
    stand.admitted_by_workers(&script, &application)?;
    let administrators = visitor()?;
    let tab = administrators.tab()?;
    sign_in_as("help-desk", &tab)?;

    tab.open(&at(stand, "/users"))?;
    tab.wait_for_heading("Users")?;
    tab.fill("#q", before_at(&victim))?;
    tab.click("form.search button")?;
    tab.wait_for("document.querySelectorAll('tbody tr').length === 1")?;
    assert!(tab.text()?.contains(&victim.email));
    tab.click("tbody input[type=checkbox]")?;
    tab.click("form.card .acts button")?;
    tab.wait_for_heading(&format!("Revoke session of {}?", victim.email))?;
    page.is_untouched()?;
    tab.fill("#note", "lost laptop")?;
    tab.click("main form button.danger")?;
    applied_by_all(&tab)?;

    // Nothing is waited for any more: what the page says is so in every worker.
    for answer in stand.ask_workers(&script, &application, "/api/time")? {
        assert_eq!(answer.status, 401);
    }
    page.loses_access()?;
    untouched.is_untouched()?;
    assert_eq!(tab.violations()?, [""; 0]);
    Ok(())
}

#[test]
fn s12_a_user_is_revoked_without_scripts_and_with_the_keyboard_alone() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let victim = stand.user()?;
    let (_browser, page) = open_page(&victim, &application)?;
    let administrators = visitor()?;
    let tab = administrators.tab()?;
    sign_in_as("help-desk", &tab)?;
    tab.switch_scripts_off()?;
    let search = format!("/users?q={}", before_at(&victim));
    tab.open(&at(stand, &search))?;
    tab.wait_for_heading("Users")?;
    press_at(&tab, "a[href$='/revoke']")?;
    tab.wait_for_heading("Revoke session of")?;
    press_at(&tab, "main form button.danger")?;
    tab.wait_for_heading("Revoked")?;
    // The page waits for a second; on a busy machine it takes another look.
    tab.wait_for(
        "document.querySelector('h2').innerText.startsWith('Applied by all') \
         || (document.querySelector('[data-again]')?.click(), false)",
    )?;
    page.loses_access()
}

#[test]
fn s08_existing_tokens_are_revoked_with_and_without_a_new_sign_in() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let other = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let (browser, page) = open_page(&user, &application)?;
    let elsewhere = browser.tab()?;
    elsewhere.open(&other.url("/"))?;
    elsewhere.arrive(&other.url("/"))?;
    elsewhere.lie_open()?;
    let administrators = visitor()?;
    let tab = administrators.tab()?;
    sign_in_as("help-desk", &tab)?;

    let path = format!("/applications/{}", application.audience);
    tab.open(&at(stand, &path))?;
    tab.click(".danger-zone a[href$='/revoke']")?;
    tab.wait_for_heading("Revoke existing tokens of")?;
    tab.click("input[value=come_back]")?;
    tab.click("main form button.danger")?;
    applied_by_all(&tab)?;
    page.loses_access()?;
    page.open(&application.url("/"))?;
    page.arrive(&application.url("/"))?;
    page.lie_open()?;

    // A new sign-in is what the page proposes.
    tab.open(&at(stand, &format!("{path}/revoke")))?;
    tab.wait_for_heading("Revoke existing tokens of")?;
    tab.click("main form button.danger")?;
    applied_by_all(&tab)?;
    page.loses_access()?;
    page.open(&application.url("/"))?;
    page.wait_for_heading("Sign in")?;
    elsewhere.is_untouched()
}

#[test]
fn b05_one_session_is_ended_and_the_other_browser_goes_on() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let (_laptop, stays) = open_page(&user, &application)?;
    let (_phone, ends) = open_page(&user, &application)?;
    let administrators = visitor()?;
    let tab = administrators.tab()?;
    sign_in_as("help-desk", &tab)?;
    tab.open(&at(stand, &format!("/sessions?user={}", user.email)))?;
    tab.wait_for("document.querySelectorAll('tbody tr').length === 2")?;
    tab.click("tbody tr:first-child a[href$='/end']")?;
    tab.wait_for_heading("End this session of")?;
    tab.click("main form button.danger")?;
    applied_by_all(&tab)?;
    // Sessions of the same second have no order: one of the two has ended, and only one.
    let cut = "socket.readyState === WebSocket.CLOSED";
    wait::until("a WebSocket to be cut", LIMIT, || {
        let any = stays.run(cut)? == true || ends.run(cut)? == true;
        Ok(any.then_some(()))
    })?;
    let (ended, other) = match ends.run(cut)? == true {
        true => (&ends, &stays),
        false => (&stays, &ends),
    };
    ended.loses_access()?;
    other.is_untouched().context("the other browser")
}
