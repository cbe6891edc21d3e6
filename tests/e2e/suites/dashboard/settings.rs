//! Settings of an application, saved in the page, seen in what browsers are told.

use anyhow::{Context, Result};
use portcullis_e2e::chromium::{SameSite, Tab, visitor};
use portcullis_e2e::{Application, ApplicationSettings, stand, tokens};

use super::{at, sign_in_as};

/// Opens the settings, changes one, saves.
fn save(
    tab: &Tab,
    application: &Application,
    change: impl FnOnce(&Tab) -> Result<()>,
) -> Result<()> {
    let path = format!("/applications/{}/settings", application.audience);
    tab.open(&at(stand()?, &path))?;
    tab.wait_for("document.querySelector('#http_only') !== null")?;
    change(tab)?;
    tab.click(".acts button[value=save]")?;
    tab.wait_for("document.querySelector('[role=status], [role=alert]') !== null")?;
    let asks = "document.querySelector('button[name=confirmed]') !== null";
    if tab.run(asks)? == true {
        tab.click("button[name=confirmed]")?;
    }
    tab.wait_for(
        "document.querySelector('.notice.good')?.innerText.startsWith('Saved. Applied by all: 2 of 2') \
         === true",
    )
}

#[test]
fn s18_each_cookie_setting_is_saved_and_then_seen_in_the_next_cookie() -> Result<()> {
    let (stand, people) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let tab = people.tab()?;
    sign_in_as("administrator", &tab)?;
    let cookie = |browser| tokens::token(browser, &application);

    let browser = stand.sign_in(&user, &application)?;
    assert!(cookie(&browser)?.http_only);
    assert!(tokens::binding(&browser, &application).is_err());

    save(&tab, &application, |tab| tab.click("#http_only"))?;
    let browser = stand.sign_in(&user, &application)?;
    assert!(!cookie(&browser)?.http_only);

    save(&tab, &application, |tab| tab.click("#binding_cookie"))?;
    // The session of before has no binding cookie: it is refused until the next page load.
    let reason = stand.refused_by_workers(&browser, &application)?;
    assert_eq!(reason, "binding_missing");
    let browser = stand.sign_in(&user, &application)?;
    tokens::binding(&browser, &application).context("no binding cookie")?;

    // A browser, too, gets them as they were saved.
    save(&tab, &application, |tab| {
        tab.click("input[name=same_site][value=strict]")
    })?;
    let visitor = visitor()?;
    let page = visitor.tab()?;
    page.open(&application.url("/"))?;
    page.sign_in(&user)?;
    page.arrive(&application.url("/"))?;
    let cookies = visitor.cookies()?;
    // Only the token is for scripts.
    let own = cookies
        .iter()
        .filter(|cookie| cookie.domain == application.host && !cookie.http_only);
    let own: Vec<_> = own.map(|cookie| cookie.same_site.clone()).collect();
    assert_eq!(own, [Some(SameSite::Strict)], "{cookies:?}");
    assert_eq!(tab.violations()?, [""; 0]);
    Ok(())
}

#[test]
fn settings_are_saved_without_scripts_and_a_mistake_takes_the_focus() -> Result<()> {
    let (stand, people) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let tab = people.tab()?;
    sign_in_as("administrator", &tab)?;
    tab.switch_scripts_off()?;
    let path = format!("/applications/{}/settings", application.audience);
    tab.open(&at(stand, &path))?;
    tab.run("document.querySelector('#session_duration').value = ''")?;
    tab.fill("#session_duration", "for ever")?;
    tab.click(".acts button[value=save]")?;
    tab.wait_for("document.activeElement.getAttribute('role') === 'alert'")?;
    let text = tab.text()?;
    assert!(text.contains("Nothing was changed"), "{text}");
    tab.run("document.querySelector('#session_duration').value = ''")?;
    tab.fill("#session_duration", "30m")?;
    tab.click(".acts button[value=save]")?;
    tab.wait_for("document.querySelector('.notice.good')?.innerText.startsWith('Saved.') === true")
}
