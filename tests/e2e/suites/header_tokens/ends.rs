//! Whatever ends a session ends the tokens that were made under it, at every worker.

use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::browser::form::Form;
use portcullis_demo::control::User;
use portcullis_demo::wait;
use portcullis_e2e::clock::{LEEWAY, stand_with_clock};
use portcullis_e2e::header_tokens;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use serde_json::Value;

/// A user with two tokens of different applications.
struct Scene {
    user: User,
    browser: Browser,
    one: Application,
    other: Application,
    token: String,
    token_of_other: String,
}

impl Scene {
    fn new(stand: &Stand) -> Result<Self> {
        let (one, other) = (
            header_tokens::application(stand)?,
            header_tokens::application(stand)?,
        );
        let user = stand.user()?;
        let (mut browser, token) = header_tokens::sign_in_and_make(stand, &user, &one)?;
        let token_of_other = header_tokens::make(stand, &mut browser, &other)?;
        admitted(stand, &one, &token)?;
        admitted(stand, &other, &token_of_other)?;
        Ok(Self {
            user,
            browser,
            one,
            other,
            token,
            token_of_other,
        })
    }
}

fn admitted(stand: &Stand, application: &Application, token: &str) -> Result<()> {
    let request = application.sub_request("/api/time", &header_tokens::line(token));
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(
            answer.status,
            200,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    Ok(())
}

/// Waits until both workers refuse, and lets nothing reach the origin from then on.
fn revoked(stand: &Stand, application: &Application, token: &str) -> Result<()> {
    let line = header_tokens::line(token);
    let request = application.sub_request("/api/time", &line);
    wait::until("both workers to refuse", REVOCATION_LIMIT, || {
        let answers = stand.workers.each(|worker| worker.send(&request))?;
        Ok(answers
            .iter()
            .all(|answer| answer.status != 200)
            .then_some(()))
    })?;
    let path = stand.unique_path();
    let request = application.sub_request(&path, &line);
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(answer.status, 401);
        assert_eq!(Refusal::of_answer(&answer)?.reason, "session_revoked");
    }
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}

#[test]
fn s19_revoked_like_all_others_with_its_user() -> Result<()> {
    let stand = stand()?;
    for disable in [false, true] {
        let scene = Scene::new(stand)?;
        let control = &stand.deployment.control;
        if disable {
            control.command::<Value>(&["user", "disable", &scene.user.email])?;
        } else {
            control.revoke_user(&scene.user.email)?;
        }
        revoked(stand, &scene.one, &scene.token)?;
        revoked(stand, &scene.other, &scene.token_of_other)?;
    }
    Ok(())
}

#[test]
fn s19_revoked_like_all_others_with_its_application() -> Result<()> {
    let stand = stand()?;
    let mut scene = Scene::new(stand)?;
    stand
        .deployment
        .control
        .revoke_application(&scene.one.name)?;
    revoked(stand, &scene.one, &scene.token)?;
    admitted(stand, &scene.other, &scene.token_of_other)?;
    // The global session lives, and its user, who still has access, may make another.
    let new = header_tokens::make(stand, &mut scene.browser, &scene.one)?;
    admitted(stand, &scene.one, &new)
}

#[test]
fn s19_revoked_like_all_others_with_its_session() -> Result<()> {
    let stand = stand()?;
    let mut scene = Scene::new(stand)?;
    let elsewhere = header_tokens::sign_in_and_make(stand, &scene.user, &scene.one)?.1;
    // At the application, by which the global session ends.
    let page = scene.browser.open(&scene.one.url("/.access/logout"))?;
    let form = Form::to(&page.text(), "/.access/logout").context("no form")?;
    assert_eq!(scene.browser.submit(&page.url, &form)?.status, 200);
    revoked(stand, &scene.one, &scene.token)?;
    revoked(stand, &scene.other, &scene.token_of_other)?;
    admitted(stand, &scene.one, &elsewhere)
}

#[test]
fn s19_revoked_like_all_others_by_logout_on_the_team_domain() -> Result<()> {
    let stand = stand()?;
    let mut scene = Scene::new(stand)?;
    let page = scene
        .browser
        .open(&format!("{}/logout", stand.deployment.team_domain()))?;
    let form = Form::to(&page.text(), "/logout").context("no form")?;
    assert_eq!(scene.browser.submit(&page.url, &form)?.status, 200);
    revoked(stand, &scene.one, &scene.token)?;
    revoked(stand, &scene.other, &scene.token_of_other)
}

#[test]
fn s19_never_refreshed() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    let duration = Duration::from_secs(600);
    let application = stand.application(&ApplicationSettings {
        session_duration: "10m",
        binding_cookie: true,
        options: &["--header-tokens", "true", "--refresh-in-request", "always"],
        ..ApplicationSettings::default()
    })?;
    let door = stand.application(&ApplicationSettings {
        session_duration: "24h",
        ..ApplicationSettings::default()
    })?;
    let user = stand.user()?;
    let past = duration + LEEWAY + Duration::from_secs(5);
    clock.shift(-i64::try_from(past.as_secs())?)?;
    // Through the door the global session begins, and lasts for a day.
    let made = stand.sign_in(&user, &door).and_then(|mut browser| {
        let token = header_tokens::make(stand, &mut browser, &application)?;
        Ok((browser, token))
    });
    clock.shift(0)?;
    let (mut browser, old) = made?;

    let path = stand.unique_path();
    let line = header_tokens::line(&old);
    for headers in [line.clone(), format!("{line}Accept: text/html\r\n")] {
        let request = application.sub_request(&path, &headers);
        for answer in stand.workers.each(|worker| worker.send(&request))? {
            assert_eq!(answer.status, 401);
            assert_eq!(Refusal::of_answer(&answer)?.reason, "session_expired");
            assert_eq!(answer.header("set-cookie"), None);
        }
    }
    assert_eq!(stand.reached_origin(&path), 0);
    let new = header_tokens::make(stand, &mut browser, &application)?;
    admitted(stand, &application, &new)
}
