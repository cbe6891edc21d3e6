//! Programs with service tokens, through Envoy.

mod admitted;
mod calls;
mod ends;
mod wrong;

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::service_tokens::ServiceToken;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, Stand};

/// Waits until every worker of each Envoy admits a service token.
fn admitted_everywhere(
    stand: &Stand,
    application: &Application,
    token: &ServiceToken,
) -> Result<()> {
    let request = application.sub_request("/api/time", &token.lines());
    wait::until("all workers to admit the token", REVOCATION_LIMIT, || {
        let answers = stand.workers.each(|worker| worker.send(&request))?;
        let all = answers.iter().all(|answer| answer.status == 200);
        Ok(all.then_some(()))
    })
}

/// Waits until every worker of each Envoy refuses a service token, and lets nothing reach the origin
/// from then on.
fn refused_everywhere(
    stand: &Stand,
    application: &Application,
    token: &ServiceToken,
) -> Result<()> {
    let request = application.sub_request("/api/time", &token.lines());
    wait::until("all workers to refuse the token", REVOCATION_LIMIT, || {
        let answers = stand.workers.each(|worker| worker.send(&request))?;
        let all = answers.iter().all(|answer| answer.status == 401);
        Ok(all.then_some(()))
    })?;
    let path = stand.unique_path();
    let request = application.sub_request(&path, &token.lines());
    let answers = stand.workers.each(|worker| worker.send(&request))?;
    for answer in &answers {
        assert_eq!(answer.status, 401);
        // A worker whose token came a moment ago does not ask for another one yet.
        let reason = Refusal::of_answer(answer)?.reason;
        let expected = ["service_token_invalid", "session_revoked"];
        assert!(expected.contains(&reason.as_str()), "{reason}");
    }
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}
