//! Revocation.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_e2e::access_log;
use portcullis_e2e::bootstrap::QUIET;
use portcullis_e2e::request::Request;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{ApplicationSettings, stand};

use super::stream::{ALL, What, cookies, open_all, open_in_every_worker, until_all_cut};

/// Longer than the pause between two events.
const NEXT_EVENT: Duration = Duration::from_secs(5);

#[test]
fn b04_revocation_cuts_streams_and_websockets_in_every_worker() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let (user, other) = (stand.user()?, stand.user()?);
    let (browser, others) = (
        stand.sign_in(&user, &application)?,
        stand.sign_in(&other, &application)?,
    );
    let (mine, theirs) = (
        cookies(&browser, &application),
        cookies(&others, &application),
    );
    let (mut open, mut spared) = (Vec::new(), Vec::new());
    for envoy in stand.envoys() {
        open.extend(open_in_every_worker(stand, envoy, &application, &mine)?);
        let port = envoy.admin().listener(QUIET)?.port();
        spared.extend(open_all(stand, port, &application, &theirs)?);
    }

    let revoked = Instant::now();
    stand.deployment.control.revoke_user(&user.email)?;

    println!("cut within {:?}", until_all_cut(&mut open, revoked)?);
    // Of each Envoy the events.
    for events in spared.iter_mut().step_by(ALL.len()) {
        ensure!(
            !events.read_some()?.is_empty(),
            "another user's stream was cut"
        );
    }
    Ok(())
}

#[test]
fn b04_over_http2_only_the_streams_of_the_revoked_session_break_off() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, other) = (stand.user()?, stand.user()?);
    let browser = stand.sign_in(&user, &application)?;
    let others = stand.sign_in(&other, &application)?;
    let (mine, theirs) = (
        cookies(&browser, &application),
        cookies(&others, &application),
    );
    let marked = format!("?{}", user.id);
    let grpc = Request::new("POST", "/events")
        .with("content-type", "application/grpc")
        .with("te", "trailers")
        .with("cookie", &mine);
    let mut held = stand.door(&application).hold(&[
        What::Events.request(&mine, &marked),
        What::Download.request(&mine, ""),
        grpc,
        What::Events.request(&theirs, ""),
    ])?;

    stand.deployment.control.revoke_user(&user.email)?;

    for index in 0..3 {
        held.breaks_off(index, REVOCATION_LIMIT)
            .with_context(|| format!("stream {index}"))?;
    }
    held.goes_on(3, NEXT_EVENT)?;
    held.goes_on(3, NEXT_EVENT)?;
    Ok(())
}

#[test]
fn b04_the_access_log_says_what_cut_a_stream() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let mut held = stand
        .door(&application)
        .hold(&[What::Events.request(&cookies(&browser, &application), "")])?;
    stand
        .deployment
        .control
        .revoke_application(&application.name)?;
    held.breaks_off(0, REVOCATION_LIMIT)?;
    let entry: access_log::Entry = stand.access_log_at(&application, "/events")?;
    assert_eq!(entry.details.as_deref(), Some("access.session_revoked"));
    Ok(())
}
