//! Applications that are removed.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::Request;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use serde_json::Value;

/// Longer than the pause between two events.
const NEXT_EVENT: Duration = Duration::from_secs(5);

/// Server-sent events with a browser's cookies.
fn events(browser: &Browser, application: &Application) -> Request {
    let pairs = browser.jar.of(&application.host);
    let pairs: Vec<_> = pairs
        .map(|cookie| format!("{}={}", cookie.name, cookie.value))
        .collect();
    Request::new("GET", "/events")
        .with("accept", "text/event-stream")
        .with("cookie", pairs.join("; "))
}

/// Waits until every worker refuses for a reason, and checks that nothing reaches the origin then.
fn refused_for(
    stand: &Stand,
    browser: &Browser,
    application: &Application,
    expected: (u16, &str),
) -> Result<()> {
    let what = format!("each worker to refuse with {expected:?}");
    wait::until(&what, REVOCATION_LIMIT, || {
        let path = stand.unique_path();
        let answers = stand.ask_workers(browser, application, &path)?;
        if answers.iter().any(|answer| answer.status != expected.0) {
            return Ok(None);
        }
        ensure!(stand.reached_origin(&path) == 0, "refused, and let through");
        for answer in &answers {
            let reason = Refusal::of_answer(answer)?.reason;
            if reason != expected.1 {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })
}

#[test]
fn s08_a_removed_application_is_refused_everywhere_and_its_streams_are_cut() -> Result<()> {
    let stand = stand()?;
    let settings = ApplicationSettings::default();
    let (removed, other) = (stand.application(&settings)?, stand.application(&settings)?);
    let user = stand.user()?;
    let mut browser = stand.sign_in(&user, &removed)?;
    browser.open(&other.url("/"))?;
    stand.admitted_by_workers(&browser, &removed)?;
    let mut stream = stand.door(&removed).hold(&[events(&browser, &removed)])?;
    let mut spared = stand.door(&other).hold(&[events(&browser, &other)])?;
    let control = &stand.deployment.control;

    let asked = Instant::now();
    let answer: Value = control.command(&["application", "remove", &removed.name])?;

    ensure!(answer["audience"] == removed.audience.as_str(), "{answer}");
    stream
        .breaks_off(0, REVOCATION_LIMIT)
        .context("the stream")?;
    refused_for(stand, &browser, &removed, (403, "unknown_host"))?;
    println!("refused everywhere after {:?}", asked.elapsed());
    spared.goes_on(0, NEXT_EVENT)?;
    stand.admitted_by_workers(&browser, &other)?;

    // The same name and origin again: the tokens of before are of another application.
    let add = ["application", "add", &removed.name, "--origin"];
    let add = [&add[..], &[&removed.origin, "--allow-everyone"]].concat();
    let again: Value = control.command(&add)?;
    ensure!(again["audience"] != answer["audience"], "the same audience");
    refused_for(stand, &browser, &removed, (401, "token_not_for_here"))?;
    let url = removed.url("/after");
    let page = browser.open(&url)?;
    ensure!(
        (page.status, page.url.as_str()) == (200, url.as_str()),
        "{} at {}",
        page.status,
        page.url
    );
    stand.admitted_by_workers(&browser, &removed)
}
