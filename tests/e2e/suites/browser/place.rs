//! The address that a person opened is where they end, whatever happens on the way.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::chromium::{SIGN_IN, Tab, visitor};
use portcullis_e2e::{ApplicationSettings, stand};

const ATTEMPT_COOKIES: &str = "__Host-access_login_";
const TABS: usize = 10;
const WINDOW_LIMIT: Duration = Duration::from_secs(10);

#[test]
fn b07_a_hostname_with_a_final_dot_ends_at_the_page_without_it() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let url = application.url("/reports?year=2026#chapter-3");
    let dotted = url.replacen(&application.host, &format!("{}.", application.host), 1);
    let tab = visitor.tab()?;
    tab.open(&dotted)?;
    tab.sign_in(&stand.user()?)?;
    tab.arrive(&url)?;
    // Signed in, too.
    tab.open(&dotted)?;
    tab.arrive(&url)
}

#[test]
fn b07_a_sign_in_whose_attempt_is_gone_begins_again_at_its_page() -> Result<()> {
    let stand = stand()?;
    let user = stand.user()?;
    for same_site in ["lax", "strict"] {
        let visitor = visitor()?;
        let application = stand.application(&ApplicationSettings {
            same_site,
            ..ApplicationSettings::default()
        })?;
        let url = application.url("/reports?year=2026&q=a%26b#chapter-3");
        let tab = visitor.tab()?;
        tab.open(&url)?;
        tab.fill_in(&user)?;
        let gone = visitor.forget(&tab, &application.host, ATTEMPT_COOKIES)?;
        assert_eq!(gone, 1);
        tab.click(SIGN_IN)?;
        if same_site == "strict" {
            // Who began the attempt that is gone is not known.
            tab.wait_for_heading("You are signed in")?;
            tab.click("a.act")?;
        }
        tab.arrive(&url)?;
    }
    Ok(())
}

#[test]
fn b07_it_begins_again_without_scripts_too() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let url = application.url("/reports?year=2026");
    let tab = visitor.tab()?;
    tab.open(&url)?;
    tab.fill_in(&stand.user()?)?;
    visitor.forget(&tab, &application.host, ATTEMPT_COOKIES)?;
    tab.switch_scripts_off()?;
    tab.click(SIGN_IN)?;
    tab.arrive(&url)
}

#[test]
fn b07_of_ten_tabs_the_oldest_ends_at_its_page() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let tabs: Vec<(Tab, String)> = (0..TABS)
        .map(|number| {
            let url = application.url(&format!("/page-{number}?n={number}#n-{number}"));
            let tab = visitor.tab()?;
            tab.open(&url)?;
            Ok((tab, url))
        })
        .collect::<Result<_>>()?;
    let (oldest, url) = &tabs[0];
    oldest.come_back()?;
    oldest.sign_in(&user)?;
    oldest.arrive(url)
}

#[test]
fn b07_an_address_too_long_to_come_back_to_stays_in_its_tab() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let url = application.url(&format!("/reports?q={}#chapter-3", "a".repeat(8_192)));
    let tab = visitor.tab()?;
    tab.open(&url)?;
    tab.wait_for_heading("This address is too long")?;
    tab.screenshot("address-too-long")?;
    tab.click("a.act")?;
    let beside = wait::until("the window for signing in", WINDOW_LIMIT, || {
        Ok(visitor.opened_by(&tab).ok())
    })?;
    beside.sign_in(&stand.user()?)?;
    beside.arrive(&application.url("/"))?;
    tab.come_back()?;
    tab.run("setTimeout(() => location.reload())")?;
    tab.wait_for("document.querySelector('h1')?.innerText !== 'This address is too long'")?;
    tab.arrive(&url)
}
