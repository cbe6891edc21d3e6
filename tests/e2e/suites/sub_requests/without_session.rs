//! No session, or none that is good.

use anyhow::Result;
use portcullis_demo::browser::Method;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::tokens::{TOKEN_COOKIE, token};
use portcullis_e2e::{ApplicationSettings, stand};

#[test]
fn s01_a_sub_request_without_a_session_gets_401_and_no_redirect() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let path = stand.unique_path();

    let answer = stand.browser()?.xhr(&application.url(&path))?;

    assert_eq!(answer.status, 401);
    let refusal = Refusal::of(&answer)?;
    assert_eq!(refusal.reason, "no_session");
    let login = application.url("/.access/login");
    assert!(refusal.login_url.unwrap_or_default().starts_with(&login));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("www-authenticate"),
        Some(
            format!(
                r#"Access realm="{}", error="no_session""#,
                stand.deployment.team_domain()
            )
            .as_str()
        )
    );
    assert_eq!(answer.set_cookies().count(), 0);
    assert_eq!(stand.reached_origin(&path), 0);
    let entry = stand.access_log_of(&path)?;
    assert_eq!(entry.details.as_deref(), Some("access.no_session"));
    Ok(())
}

#[test]
fn s01_the_header_decides_even_for_what_looks_like_a_navigation() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let url = application.url("/");
    let mut browser = stand.browser()?;

    assert_eq!(browser.navigate(&url)?.status, 302);
    for value in ["XMLHttpRequest", "xmlhttprequest"] {
        let answer = browser.request(Method::GET, &url, |request| {
            request
                .header("accept", "text/html")
                .header("x-requested-with", value)
        })?;
        assert_eq!(Refusal::of(&answer)?.status, 401, "{value}");
    }
    Ok(())
}

#[test]
fn s01_a_sub_request_with_a_token_that_is_not_ours_gets_401() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &application)?;
    let path = stand.unique_path();

    let mut forged = token(&browser, &application)?.clone();
    // The last character of a signature has spare bits; the tenth from the end has none.
    let place = forged.value.len() - 10;
    let other = if forged.value.as_bytes()[place] == b'A' {
        "B"
    } else {
        "A"
    };
    forged.value.replace_range(place..=place, other);
    browser.jar.insert(forged);

    let refusal = Refusal::of(&browser.xhr(&application.url(&path))?)?;
    assert_eq!(refusal.reason, "signature_invalid");
    assert_eq!(stand.reached_origin(&path), 0);
    assert!(
        browser.jar.find(&application.host, TOKEN_COOKIE).is_some(),
        "a 401 deletes nothing"
    );
    Ok(())
}
