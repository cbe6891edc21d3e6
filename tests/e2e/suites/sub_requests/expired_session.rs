//! A session that ended while the page was open.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::{EXPIRY_LIMIT, stand_with_clock};
use portcullis_e2e::refusal::Refusal;

#[test]
fn s01_a_sub_request_with_an_expired_session_gets_401_and_no_redirect() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    let user = stand.user()?;
    // Without a binding cookie a session is not refreshed inside the request.
    let application = stand.application(&ApplicationSettings {
        session_duration: "10m",
        ..ApplicationSettings::default()
    })?;
    let duration = Duration::from_secs(600);
    let mut browser = clock.sign_in_about_to_expire(&user, &application, duration)?;
    let url = application.url("/api/time");
    assert_eq!(browser.xhr(&url)?.status, 200);

    let answer = wait::until("the session to expire", EXPIRY_LIMIT, || {
        let answer = browser.xhr(&url)?;
        Ok((answer.status != 200).then_some(answer))
    })?;

    let refusal = Refusal::of(&answer)?;
    assert_eq!(
        (refusal.status, refusal.reason.as_str()),
        (401, "session_expired")
    );
    assert!(refusal.login_url.is_some());
    assert_eq!(
        answer.set_cookies().count(),
        0,
        "a late 401 must not delete a fresh cookie"
    );
    // A navigation gets a new one without a prompt.
    let page = browser.open(&application.url("/"))?;
    assert_eq!(
        (page.status, page.url.as_str()),
        (200, application.url("/").as_str())
    );
    Ok(())
}
