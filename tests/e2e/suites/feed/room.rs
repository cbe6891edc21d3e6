//! More revocations than the filter is configured to hold: none is left out silently.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use portcullis_demo::{envoy, wait};
use portcullis_e2e::ballast::REVOCATIONS;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};

const LIMIT: Duration = Duration::from_secs(20);
/// What there is room for beside the ballast.
const ROOM: u32 = 2;
const SHIPPED: &str = "when_stale: { after: 5m, then: deny }";

/// Of the fields beside it.
const INDENT: &str = "                            ";

fn start() -> Result<Stand> {
    let directory = directories::of_stand("room")?;
    Stand::start_two(&directory, envoy::DRAIN, |yaml, _| {
        let bounded = format!(
            "max_revocations: {}\n{INDENT}when_stale: {{ after: 4s, then: deny }}",
            REVOCATIONS + ROOM
        );
        let changed = yaml.replace(SHIPPED, &bounded);
        ensure!(changed != yaml, "the bootstrap says not {SHIPPED}");
        bootstrap::with_quiet_listener(changed)
    })
}

#[test]
fn more_revocations_than_there_is_room_for_are_refused_loudly_and_count_as_stale() -> Result<()> {
    let stand = start()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let good = stand.sign_in(&stand.user()?, &application)?;
    for _ in 0..ROOM {
        let user = stand.user()?;
        let browser = stand.sign_in(&user, &application)?;
        stand.deployment.control.revoke_user(&user.email)?;
        let reason = stand.refused_by_workers(&browser, &application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
    }
    stand.admitted_by_workers(&good, &application)?;

    let user = stand.user()?;
    let last = stand.sign_in(&user, &application)?;
    stand.deployment.control.revoke_user(&user.email)?;
    // A worker that has not received it refuses every request.
    for browser in [&good, &last] {
        let answers = wait::until("all workers to refuse", LIMIT, || {
            let answers = stand.ask_workers(browser, &application, "/api/time")?;
            Ok(answers
                .iter()
                .all(|answer| answer.status == 503)
                .then_some(answers))
        })?;
        for answer in &answers {
            ensure!(Refusal::of_answer(answer)?.reason == "stale");
        }
    }
    for envoy in stand.envoys() {
        let log = fs::read_to_string(envoy.log())?;
        let told = "there are more revocations than max_revocations, which is 1002";
        ensure!(log.contains(told), "the log does not say it");
        let errors = "wasmcustom.portcullis.feed.errors";
        let count = envoy.admin().stats(errors)?.get(errors).copied();
        ensure!(count > Some(0), "{count:?} errors");
    }
    Ok(())
}
