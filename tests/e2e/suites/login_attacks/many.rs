//! Many attempts of one browser.

use anyhow::{Context, Result};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};

use super::steps::{
    RETURNS_COOKIE, attempts, callback_of, ensure_page, ensure_signed_in, forget_session,
    login_link, sign_in_to_callback,
};

const TABS: usize = 20;
/// Returns within half a minute that are no loop.
const MOST_RETURNS: usize = 5;
const MOST_ATTEMPTS: usize = 64;
/// Cookies of attempts, as they stand in a request.
const MOST_BYTES: usize = 4_200;

#[test]
fn b07_twenty_tabs_that_sign_in_at_once_all_succeed() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let mut browser = stand.browser()?;
    let path = |tab: usize| format!("/tab/{tab}?q={tab}");
    let mut callbacks = vec![sign_in_to_callback(
        &mut browser,
        &application.url(&path(0)),
        &user,
    )?];
    for tab in 1..TABS {
        callbacks.push(callback_of(&mut browser, &application.url(&path(tab)))?);
    }
    assert_eq!(attempts(&browser, &application).len(), TABS);

    // The last first.
    for (tab, callback) in callbacks.iter().enumerate().rev() {
        let answer = browser.navigate(callback.as_str())?;
        let expected = application.url(&path(tab));
        assert_eq!(
            answer.header("location"),
            Some(expected.as_str()),
            "tab {tab}"
        );
        assert_eq!(browser.xhr(&expected)?.status, 200, "tab {tab}");
    }
    assert!(attempts(&browser, &application).is_empty());
    Ok(())
}

#[test]
fn b07_one_tab_too_many_begins_again_at_its_page() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    forget_session(&mut browser, &application);
    let path = |tab: usize| format!("/tab/{tab}?q={tab}");
    let mut callbacks = Vec::new();
    for tab in 0..=MOST_ATTEMPTS {
        callbacks.push(callback_of(&mut browser, &application.url(&path(tab)))?);
        let attempts = browser.jar.of(&application.host);
        let bytes = attempts.map(|cookie| cookie.name.len() + cookie.value.len() + "=; ".len());
        let bytes: usize = bytes.sum();
        assert!(bytes <= MOST_BYTES, "{bytes} bytes for {tab} tabs");
    }
    assert_eq!(attempts(&browser, &application).len(), MOST_ATTEMPTS);

    let last = browser.navigate(callbacks[MOST_ATTEMPTS].as_str())?;
    ensure_signed_in(&last)?;
    // Within one second it is undefined which of the first ones is the oldest.
    let mut begun_again = 0;
    for (tab, callback) in callbacks.iter().enumerate().take(MOST_ATTEMPTS) {
        let expected = application.url(&path(tab));
        let mut answer = browser.navigate(callback.as_str())?;
        if answer.header("location") != Some(expected.as_str()) {
            begun_again += 1;
            ensure_page(&answer, 400, "state_unknown")?;
            let login = application.url(&login_link(&answer)?);
            let callback = callback_of(&mut browser, &login)?;
            answer = browser.navigate(callback.as_str())?;
        }
        assert_eq!(answer.header("location"), Some(expected.as_str()));
    }
    assert_eq!(begun_again, 1);
    Ok(())
}

#[test]
fn a_browser_that_comes_back_again_and_again_is_told_so() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let url = application.url("/");
    // A browser that keeps everything but the token: each page starts a new login.
    for turn in 1..MOST_RETURNS {
        browser.jar.remove(&application.host, TOKEN_COOKIE);
        let callback = callback_of(&mut browser, &url)?;
        let answer = browser.navigate(callback.as_str())?;
        ensure_signed_in(&answer).with_context(|| format!("turn {turn}"))?;
    }
    browser.jar.remove(&application.host, TOKEN_COOKIE);
    let callback = callback_of(&mut browser, &url)?;

    let page = browser.navigate(callback.as_str())?;
    ensure_page(&page, 400, "login_loop")?;
    assert!(page.text().contains("Sign-in is going in circles"));
    assert!(page.text().contains("clock"), "{}", page.text());

    // The attempt is not lost: once the loop is over, the same callback signs in.
    browser.jar.remove(&application.host, RETURNS_COOKIE);
    ensure_signed_in(&browser.navigate(callback.as_str())?)?;
    Ok(())
}
