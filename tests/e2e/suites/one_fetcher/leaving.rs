//! The listener goes whose filter polls for all: another goes on.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;

use super::scene::{LIMIT, Scene};

/// Sooner than a lease ends by itself, or a poll.
const SOON: Duration = Duration::from_millis(2_500);

#[test]
fn another_polls_when_the_listener_of_the_one_that_did_is_removed() -> Result<()> {
    let scene = Scene::start_as_shipped("one-fetcher-leaves")?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    scene.add_listener("third", "3s")?;
    scene.wait_for("third", 200, (&browser, &application))?;
    let before = scene.relay.seen();
    let instance = &before.last().context("no poll")?.instance;

    // One of these polled when there was no third.
    scene.listeners.remove(&["https", "quiet"])?;
    let admin = stand.deployment.envoy.admin();
    wait::until("the old listeners to be gone", LIMIT, || {
        let gauges = admin.stats(r"^listener_manager\.total_listeners_(active|draining)$")?;
        Ok(gauges.values().eq([&1, &0]).then_some(()))
    })?;
    let after = wait::until("another poll", SOON, || {
        let seen = scene.relay.seen();
        Ok((seen.len() > before.len()).then_some(seen))
    })?;
    for poll in after.iter().skip(before.len()) {
        ensure!(poll.instance == *instance, "{poll:?}");
        ensure!(!poll.epoch.is_empty(), "it began anew: {poll:?}");
    }
    stand.deployment.control.revoke_user(&user.email)?;
    scene.wait_for("third", 401, (&browser, &application))
}
