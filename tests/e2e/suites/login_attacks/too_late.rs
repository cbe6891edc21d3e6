//! Codes that come too late.

use anyhow::{Context, Result};
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::stand_with_clock;
use portcullis_e2e::tokens::TOKEN_COOKIE;

use super::steps::{
    attempts, callback_of, ensure_page, ensure_signed_in, forget_session, sign_in_to_callback,
};

/// Beyond this a code is too old.
const CODE_SECONDS: i64 = 60;
/// Beyond this a used code is not answered again.
const REPEATABLE_SECONDS: i64 = 10;

#[test]
fn a_code_that_has_expired_signs_nobody_in() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    forget_session(&mut browser, &application);
    let callback = callback_of(&mut browser, &application.url("/"))?;

    clock.shift(CODE_SECONDS + 1)?;
    let answer = browser.navigate(callback.as_str());
    clock.shift(0)?;

    ensure_page(&answer?, 400, "code_unknown")?;
    assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());
    Ok(())
}

/// An attacker who copied the browser's cookies before the callback: within ten seconds the
/// answer is the same, since an answer may be lost on its way; later there is none.
#[test]
fn a_code_with_the_attempts_own_cookie_is_answered_for_ten_seconds() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.browser()?;
    let url = application.url("/");
    let callback = sign_in_to_callback(&mut browser, &url, &stand.user()?)?;
    let name = attempts(&browser, &application)
        .pop()
        .context("no attempt")?;
    let attempt = browser.jar.find(&application.host, &name).cloned();
    let attempt = attempt.context("no attempt")?;
    ensure_signed_in(&browser.navigate(callback.as_str())?)?;
    let first = browser.jar.find(&application.host, TOKEN_COOKIE).cloned();

    browser.jar.insert(attempt.clone());
    ensure_signed_in(&browser.navigate(callback.as_str())?)?;
    let second = browser.jar.find(&application.host, TOKEN_COOKIE).cloned();
    let id = |cookie: Option<portcullis_demo::browser::jar::Cookie>| {
        let token = cookie.context("no token")?.value;
        let (_, claims) = portcullis_e2e::tokens::unverified(&token)?;
        Ok::<_, anyhow::Error>(claims["jti"].clone())
    };
    assert_eq!(id(first)?, id(second)?, "another token");

    browser.jar.insert(attempt);
    clock.shift(REPEATABLE_SECONDS + 2)?;
    let late = browser.navigate(callback.as_str());
    clock.shift(0)?;
    ensure_page(&late?, 400, "code_unknown")
}
