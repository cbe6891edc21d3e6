//! The login without a prompt, one request at a time: what the frames of a page would send, and
//! what others would in their place.

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::response::Response;
use portcullis_demo::browser::{Browser, Method};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{Application, ApplicationSettings, stand};
use url::Url;

use super::steps::{attempts, ensure_page, forget_session, with_parameter};

const LOGIN: &str = "/.access/login?prompt=none";

/// What a frame of a page sends, as far from the page as `site` says.
fn frame(browser: &mut Browser, url: &str, site: &str) -> Result<Response> {
    browser.request(Method::GET, url, |request| {
        request
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "iframe")
            .header("sec-fetch-site", site)
    })
}

/// Begins in a frame, and goes by the team domain up to the callback, which is not visited.
fn callback(browser: &mut Browser, application: &Application) -> Result<Url> {
    let begun = frame(browser, &application.url(LOGIN), "same-origin")?;
    let text = begun.text();
    let location = text.split("<iframe src=\"").nth(1).context("no frame")?;
    let location = location.split('"').next().context("no end")?;
    let answer = frame(browser, &location.replace("&amp;", "&"), "cross-site")?;
    ensure!(answer.status == 302, "{}: {}", answer.status, answer.text());
    ensure!(
        answer.set_cookies().count() == 0,
        "a cookie of the team domain"
    );
    answer.location()?.context("no callback")
}

/// Fails unless the frame sends this word to the surrounding page, and nothing to any other.
fn ensure_tells(answer: &Response, word: &str, application: &Application) -> Result<()> {
    let text = answer.text();
    let script = format!("data-to=\"{}\" data-word=\"{word}\"", application.origin);
    ensure!(text.contains(&script), "{}: {text}", answer.status);
    let policy = answer.header("content-security-policy").unwrap_or_default();
    ensure!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
    ensure!(answer.header("location").is_none(), "a redirect");
    Ok(())
}

#[test]
fn b01_a_login_without_a_prompt_gives_a_session_and_shows_nothing() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    forget_session(&mut browser, &application);
    let callback = callback(&mut browser, &application)?;
    let answer = frame(&mut browser, callback.as_str(), "cross-site")?;
    ensure_tells(&answer, "signed_in", &application)?;
    let token = browser.jar.find(&application.host, TOKEN_COOKIE);
    let token = token.context("no session")?.value.clone();
    assert!(!answer.text().contains(&token));
    assert!(attempts(&browser, &application).is_empty());
    assert_eq!(browser.xhr(&application.url("/"))?.status, 200);

    let again = frame(&mut browser, callback.as_str(), "cross-site")?;
    ensure_page(&again, 400, "state_unknown")
}

#[test]
fn without_a_global_session_the_page_is_told_and_nothing_is_left() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.browser()?;
    let callback = callback(&mut browser, &application)?;
    assert!(
        callback
            .query()
            .unwrap_or_default()
            .starts_with("error=login_required&")
    );
    let answer = frame(&mut browser, callback.as_str(), "cross-site")?;
    assert_eq!(answer.status, 401);
    ensure_tells(&answer, "login_required", &application)?;
    assert!(attempts(&browser, &application).is_empty());
    assert!(browser.jar.find(&application.host, TOKEN_COOKIE).is_none());
    Ok(())
}

#[test]
fn frames_of_others_and_prefetches_begin_nothing() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    let login = application.url(LOGIN);
    for site in ["cross-site", "same-site", "none"] {
        let answer = frame(&mut browser, &login, site)?;
        assert_eq!(
            (answer.status, answer.set_cookies().count()),
            (401, 0),
            "{site}"
        );
        assert!(!answer.text().contains("state="), "{site}");
    }
    let answer = browser.request(Method::GET, &login, |request| {
        request
            .header("sec-purpose", "prefetch;prerender")
            .header("sec-fetch-dest", "iframe")
            .header("sec-fetch-site", "same-origin")
    })?;
    assert_eq!((answer.status, answer.set_cookies().count()), (401, 0));
    Ok(())
}

#[test]
fn a_code_of_somebody_else_is_burnt_in_a_frame_too() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut attacker = stand.sign_in(&stand.user()?, &application)?;
    let mut victim = stand.sign_in(&stand.user()?, &application)?;
    let held = victim.jar.find(&application.host, TOKEN_COOKIE).cloned();
    let callback = callback(&mut attacker, &application)?;

    let answer = frame(&mut victim, callback.as_str(), "cross-site")?;
    ensure_page(&answer, 400, "state_unknown")?;
    let now = victim.jar.find(&application.host, TOKEN_COOKIE).cloned();
    assert_eq!(
        now.map(|cookie| cookie.value),
        held.map(|cookie| cookie.value)
    );
    let own = frame(&mut attacker, callback.as_str(), "cross-site")?;
    assert_eq!(own.status, 400, "burnt");
    ensure_tells(&own, "login_required", &application)
}

#[test]
fn an_error_that_nobody_asked_for_ends_no_attempt() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    forget_session(&mut browser, &application);
    let callback = callback(&mut browser, &application)?;
    for (url, status) in [
        (
            application.url("/.access/callback?error=login_required"),
            401,
        ),
        (
            application.url("/.access/callback?error=login_required&state=00000000.AAAA"),
            401,
        ),
        (with_parameter(&callback, "state", None), 400),
    ] {
        let answer = frame(&mut browser, &url, "cross-site")?;
        assert_eq!(
            (answer.status, answer.set_cookies().count()),
            (status, 0),
            "{url}"
        );
        assert!(!answer.text().contains("data-word"), "{url}");
    }
    assert_eq!(attempts(&browser, &application).len(), 1);
    Ok(())
}
