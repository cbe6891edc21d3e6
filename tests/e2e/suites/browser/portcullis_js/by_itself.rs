//! Where team domain and application are of one site, the end of a session goes unnoticed.

use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::LEEWAY;
use portcullis_e2e::sites::WITH_TEAM_DOMAIN;
use portcullis_e2e::tokens::TOKEN_COOKIE;
use serde_json::json;

use super::{AtWork, REFUSED, STRICT};

/// Until a session of a second has surely expired, on a busy machine.
const EXPIRY_LIMIT: Duration = LEEWAY.saturating_mul(2);

#[test]
fn s20_a_page_gets_its_answer_though_the_session_has_ended() -> Result<()> {
    let at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
    let token = |at_work: &AtWork| {
        let cookie = at_work
            .visitor
            .cookie(&at_work.application.host, TOKEN_COOKIE);
        cookie.map(|cookie| cookie.value)
    };
    let before = token(&at_work)?;
    at_work.revoke()?;
    let path = at_work.stand.unique_path();
    let answer = at_work.fetch(&path, "{ method: 'POST', body: 'x'.repeat(1000) }")?;
    assert_eq!(answer["status"], 200);
    assert_eq!(answer["body"]["method"], "POST");
    assert_eq!(answer["body"]["body_length"], 1000);
    assert_eq!(at_work.stand.reached_origin(&path), 1, "sent once");
    assert_ne!(token(&at_work)?, before);
    assert_eq!(at_work.silent_logins()?, 1);
    assert_eq!(at_work.tab.violations()?, [""; 0]);
    at_work.ensure_undisturbed()
}

#[test]
fn s20_twenty_calls_at_once_cause_one_login() -> Result<()> {
    let at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
    at_work.revoke()?;
    let path = at_work.stand.unique_path();
    let statuses = at_work.tab.run(&format!(
        "Promise.all(Array.from({{ length: 20 }}, (_, number) => \
         fetch(`{path}?${{number}}`).then((answer) => answer.status)))"
    ))?;
    assert_eq!(statuses, json!(vec![200; 20]));
    assert_eq!(at_work.stand.reached_origin(&path), 20);
    assert_eq!(at_work.silent_logins()?, 1);
    at_work.ensure_undisturbed()
}

#[test]
fn s20_whatever_can_be_sent_again_is_and_a_stream_is_not() -> Result<()> {
    let at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
    at_work.revoke()?;
    // What it holds is gone with the first attempt, so the caller is told.
    let path = at_work.stand.unique_path();
    let stream = "{ method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' }";
    let answer = at_work.fetch(&path, stream)?;
    assert_eq!(answer["status"], 401);
    assert_eq!(answer["body"]["reason"], "session_revoked");
    assert_eq!(at_work.stand.reached_origin(&path), 0);
    assert_eq!(at_work.fetch(&path, stream)?["status"], 200);

    // A browser for each: the script asks for no second login within half a minute.
    for body in [
        "new FormData()",
        "new Blob(['x'])",
        "new URLSearchParams('x=y')",
    ] {
        let at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
        at_work.revoke()?;
        let path = at_work.stand.unique_path();
        let answer = at_work.tab.run(&format!(
            "fetch(new Request('{path}', {{ method: 'PUT', body: {body} }}))\
             .then((answer) => answer.status)"
        ))?;
        assert_eq!(answer, 200, "{body}");
        assert_eq!(at_work.stand.reached_origin(&path), 1, "{body}");
    }
    Ok(())
}

#[test]
fn s20_a_session_that_expired_by_the_clock_comes_back() -> Result<()> {
    let mut at_work = AtWork::begin(WITH_TEAM_DOMAIN, STRICT)?;
    // Without a binding cookie no session is refreshed inside the request.
    let short = at_work.stand.application(&ApplicationSettings {
        site: WITH_TEAM_DOMAIN,
        session_duration: "1s",
        ..ApplicationSettings::default()
    })?;
    at_work.move_to(short)?;
    wait::until("the session to expire", EXPIRY_LIMIT, || {
        Ok((at_work.tab.run(REFUSED)? == true).then_some(()))
    })?;
    let path = at_work.stand.unique_path();
    assert_eq!(at_work.fetch(&path, "{}")?["status"], 200);
    assert_eq!(at_work.silent_logins()?, 1);
    at_work.ensure_undisturbed()
}
