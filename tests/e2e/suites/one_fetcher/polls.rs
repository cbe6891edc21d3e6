//! One poll at a time for two workers, the main thread and two configurations.

use anyhow::{Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::feed_relay::FeedRelay;

use super::scene::{LIMIT, Scene};

const REVOCATIONS: usize = 5;
/// One that brings the news, one that says too early that all have them, and one to say it.
const POLLS_EACH: usize = 3;

#[test]
fn one_long_poll_serves_all_workers_and_configurations() -> Result<()> {
    let scene = Scene::start_as_shipped("one-fetcher")?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    scene.add_listener("third", "3s")?;
    let mut sessions = Vec::new();
    for _ in 0..REVOCATIONS {
        let user = stand.user()?;
        let browser = stand.sign_in(&user, &application)?;
        scene.wait_for("third", 200, (&browser, &application))?;
        sessions.push((user, browser));
    }

    for relay in &scene.relays {
        relay.behave();
    }
    for (user, browser) in &sessions {
        stand.deployment.control.revoke_user(&user.email)?;
        let reason = stand.refused_by_workers(browser, &application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
        scene.wait_for("third", 401, (browser, &application))?;
    }
    let versions = scene.figures("version")?;
    for (relay, version) in scene.relays.iter().zip(versions) {
        polls_for_all(relay, version)?;
    }
    Ok(())
}

/// Checks that what is before a relay polls once at a time, and says that all have that version.
fn polls_for_all(relay: &FeedRelay, version: u64) -> Result<()> {
    let told = wait::until("a poll to say that all have applied it", LIMIT, || {
        let seen = relay.seen();
        let told = seen
            .last()
            .is_some_and(|poll| poll.applied == Some(version));
        Ok(told.then_some(seen))
    })?;
    ensure!(relay.most_open() == 1, "{} at once", relay.most_open());
    let polls = told.len();
    ensure!(polls <= 2 + POLLS_EACH * REVOCATIONS, "{polls} polls");
    for poll in &told {
        let first = &told[0];
        ensure!(poll.instance == first.instance, "{poll:?} and {first:?}");
        ensure!(poll.applied <= Some(poll.after), "{poll:?}");
    }
    Ok(())
}
