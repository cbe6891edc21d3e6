//! Login CSRF: an attacker's own sign-in, finished in another user's browser.

use anyhow::Result;
use portcullis_demo::browser::Method;
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{ApplicationSettings, stand};

use super::steps::{attempts, ensure_page, login_link, sign_in_to_callback};

#[test]
fn nobody_is_signed_in_as_somebody_else_by_a_link() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (attacker, victim) = (stand.user()?, stand.user()?);
    let url = application.url("/");

    // The victim is signed out, has an attempt open, or is signed in.
    let out = stand.browser()?;
    let mut amid = stand.browser()?;
    amid.navigate(&url)?;
    assert_eq!(attempts(&amid, &application).len(), 1);
    let signed_in = stand.sign_in(&victim, &application)?;
    for mut browser in [out, amid, signed_in] {
        let held = browser.jar.find(&application.host, TOKEN_COOKIE).cloned();
        let mut own = stand.browser()?;
        let callback = sign_in_to_callback(&mut own, &url, &attacker)?;

        let answer = browser.request(Method::GET, callback.as_str(), |request| {
            request
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-site", "cross-site")
        })?;
        ensure_page(&answer, 400, "state_unknown")?;

        let now = browser.jar.find(&application.host, TOKEN_COOKIE).cloned();
        assert_eq!(
            now.map(|cookie| cookie.value),
            held.as_ref().map(|cookie| cookie.value.clone())
        );
        // The answer leads to a sign-in of the victim's own.
        let login = application.url(&login_link(&answer)?);
        let led = browser.open(&login)?;
        let form = led.text().contains("name=\"password\"");
        let identity = browser.xhr(&application.url("/.access/identity"))?;
        match held {
            Some(_) => assert!(identity.text().contains(&victim.email)),
            None => assert!(form && identity.status == 401, "{}", led.text()),
        }
        // Nor is the code of use to the attacker from now on.
        ensure_page(&own.navigate(callback.as_str())?, 400, "code_unknown")?;
    }
    Ok(())
}
