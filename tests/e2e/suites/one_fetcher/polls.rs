//! One poll at a time for two workers, the main thread and two configurations.

use anyhow::{Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;

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

    scene.relay.behave();
    for (user, browser) in &sessions {
        stand.deployment.control.revoke_user(&user.email)?;
        let reason = stand.refused_by_workers(browser, &application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
        scene.wait_for("third", 401, (browser, &application))?;
    }
    let version = scene.figure("version")?;
    let told = wait::until("a poll to say that all have applied it", LIMIT, || {
        let seen = scene.relay.seen();
        let told = seen
            .last()
            .is_some_and(|poll| poll.applied == Some(version));
        Ok(told.then_some(seen))
    })?;
    ensure!(
        scene.relay.most_open() == 1,
        "{} at once",
        scene.relay.most_open()
    );
    ensure!(
        told.len() <= 2 + POLLS_EACH * REVOCATIONS,
        "{} polls",
        told.len()
    );
    for poll in &told {
        ensure!(
            poll.instance == told[0].instance,
            "{poll:?} and {:?}",
            told[0]
        );
        ensure!(poll.applied <= Some(poll.after), "{poll:?}");
    }
    Ok(())
}
