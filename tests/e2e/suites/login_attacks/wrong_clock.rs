//! A control service whose clock is far ahead issues sessions that have not begun.

use anyhow::Result;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::stand_with_clock;
use portcullis_e2e::tokens::TOKEN_COOKIE;

const AHEAD: i64 = 3_600;

#[test]
fn a_session_that_has_not_begun_ends_in_a_page_and_not_in_a_loop() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    let user = stand.user()?;
    let application = stand.application(&ApplicationSettings::default())?;

    clock.shift(AHEAD)?;
    let mut browser = stand.browser()?;
    let page = browser.sign_in(&application.url("/"), &user);
    clock.shift(0)?;

    let page = page?;
    assert_eq!(page.status, 502);
    let text = page.text();
    assert!(text.contains("A clock or a key is wrong"), "{text}");
    assert!(text.contains("not_yet_valid"), "{text}");
    let cookie = browser.jar.find(&application.host, TOKEN_COOKIE);
    assert!(cookie.is_none(), "a refused token was set");
    // Nothing is left that would keep the user out once the clock is right.
    let page = browser.open(&application.url("/"))?;
    assert_eq!(page.status, 200);
    Ok(())
}
