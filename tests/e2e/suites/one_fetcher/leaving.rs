//! The listener whose filter polls for all is removed: another filter takes over.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::feed_relay::FeedRelay;

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
    let before: Vec<_> = scene.relays.iter().map(FeedRelay::seen).collect();

    // One of these polled when there was no third.
    for listeners in &scene.listeners {
        listeners.remove(&["https", "quiet"])?;
    }
    for envoy in stand.envoys() {
        let filter = r"^listener_manager\.total_listeners_(active|draining)$";
        wait::until("the old listeners to be gone", LIMIT, || {
            let gauges = envoy.admin().stats(filter)?;
            Ok(gauges.values().eq([&1, &0]).then_some(()))
        })?;
    }
    for (relay, before) in scene.relays.iter().zip(&before) {
        let instance = &before.last().context("no poll")?.instance;
        let after = wait::until("another poll", SOON, || {
            let seen = relay.seen();
            Ok((seen.len() > before.len()).then_some(seen))
        })?;
        for poll in after.iter().skip(before.len()) {
            ensure!(poll.instance == *instance, "{poll:?}");
            ensure!(!poll.epoch.is_empty(), "it started over: {poll:?}");
        }
    }
    stand.deployment.control.revoke_user(&user.email)?;
    scene.wait_for("third", 401, (&browser, &application))
}
