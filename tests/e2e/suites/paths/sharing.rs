//! Applications that share a host share no session.

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::tokens::{BINDING_COOKIE, TOKEN_COOKIE, unverified};
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use url::Url;

/// Where the second application is, so that both have a path that tells what it received.
const BELOW: &str = "/api/echo/own";

fn two_applications(stand: &Stand) -> Result<[Application; 2]> {
    let settings = ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    };
    let first = stand.application(&settings)?;
    let second = stand.application_below(&first, BELOW, &settings)?;
    Ok([first, second])
}

/// The name of an application's cookie where it shares its host.
fn shared_name(name: &str, application: &Application) -> String {
    format!("{name}_{}", &application.audience[..16])
}

fn cookies(browser: &Browser, application: &Application) -> Result<String> {
    let url = Url::parse(&application.url("/"))?;
    browser.jar.header(&url).context("no cookies")
}

#[test]
fn each_has_cookies_of_its_own_and_its_origin_sees_none() -> Result<()> {
    let stand = stand()?;
    let [first, second] = two_applications(stand)?;
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &first)?;
    // The global session lives, so this needs no prompt.
    assert_eq!(browser.open(&second.url(BELOW))?.status, 200);
    for application in [&first, &second] {
        for name in [TOKEN_COOKIE, BINDING_COOKIE] {
            let name = shared_name(name, application);
            assert!(browser.jar.find(&first.host, &name).is_some(), "{name}");
        }
    }

    let held = cookies(&browser, &first)?;
    for (application, path) in [(&first, "/api/echo/x"), (&second, "/api/echo/own/x")] {
        for protocol in PROTOCOLS {
            let request = Request::sub_request(path).with("cookie", format!("a=1; {held}; b=2"));
            let answer = stand.ask(application, protocol, &request)?;
            let echo: Echo = serde_json::from_slice(&answer.body)?;
            assert_eq!(echo.value("cookie"), Some("a=1; b=2"), "{path} {protocol}");
            let token = echo.value("x-access-jwt-assertion").context("no token")?;
            let (_, claims) = unverified(token)?;
            assert_eq!(claims["aud"], serde_json::json!([application.audience]));
        }
    }
    Ok(())
}

#[test]
fn a_session_of_one_opens_no_other_under_any_name() -> Result<()> {
    let stand = stand()?;
    let [first, second] = two_applications(stand)?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &first)?;
    let value = |name: &str| {
        let cookie = browser.jar.find(&first.host, &shared_name(name, &first));
        cookie
            .map(|cookie| cookie.value.clone())
            .context("no cookie")
    };
    let (token, binding) = (value(TOKEN_COOKIE)?, value(BINDING_COOKIE)?);
    let own = |name: &str| shared_name(name, &second);
    // Requests of other tests for the same path, at their hosts, are counted too.
    let unopened = format!("{BELOW}/unopened");
    for (line, reason) in [
        (cookies(&browser, &first)?, "no_session"),
        (
            format!("{TOKEN_COOKIE}={token}; {BINDING_COOKIE}={binding}"),
            "no_session",
        ),
        (
            format!(
                "{}={token}; {}={binding}",
                own(TOKEN_COOKIE),
                own(BINDING_COOKIE)
            ),
            "token_not_for_here",
        ),
    ] {
        let request = second.sub_request(&unopened, &format!("Cookie: {line}\r\n"));
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            assert_eq!(Refusal::of_answer(&answer)?.reason, reason);
        }
    }
    assert_eq!(stand.reached_origin(&unopened), 0);
    Ok(())
}

#[test]
fn the_login_url_of_each_leads_back_below_its_path() -> Result<()> {
    let stand = stand()?;
    let [_, second] = two_applications(stand)?;
    let user = stand.user()?;
    let mut browser = stand.browser()?;

    let refusal = Refusal::of(&browser.xhr(&second.url(BELOW))?)?;
    let login = refusal.login_url.context("no login_url")?;
    let page = browser.sign_in(&login, &user)?;

    assert_eq!(page.url.as_str(), second.url(&format!("{BELOW}/")));
    assert_eq!(browser.xhr(&second.url(BELOW))?.status, 200);
    assert_eq!(browser.xhr(&second.url("/api/echo"))?.status, 401);
    Ok(())
}
