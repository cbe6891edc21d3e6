//! The control service is away for longer than `when_stale.after`.

use std::time::Duration;

use anyhow::{Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::feed_relay::Conduct;
use portcullis_e2e::{Application, ApplicationSettings};

use super::scene::{LIMIT, Scene};

/// Seconds.
const AFTER: u64 = 6;
/// Figures are handed over on ticks.
const FEW_TICKS: Duration = Duration::from_millis(200);
/// Pauses grow from a tenth of a second to five.
const MOST_POLLS: usize = 14;

#[test]
fn b10_when_stale_denies_to_the_second_and_catches_up_without_a_gap() -> Result<()> {
    let scene = Scene::start(
        "one-fetcher-denies",
        &format!("after: {AFTER}s, then: deny"),
    )?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, other) = (stand.user()?, stand.user()?);
    let good = stand.sign_in(&user, &application)?;
    let revoked = stand.sign_in(&other, &application)?;
    let (versions, errors) = (scene.figures("version")?, scene.figures("errors")?);

    let entries = scene.figures("entries")?;
    misbehave(&scene);
    becomes_stale(&scene, &good, &application)?;
    ensure!(
        all_above(&scene.figures("errors")?, &errors),
        "failures are counted"
    );
    for relay in &scene.relays {
        let polls = relay.polls();
        ensure!(polls <= MOST_POLLS, "{polls} polls");
    }

    // The filters do not hear of it yet.
    stand.deployment.control.revoke_user(&other.email)?;
    behave(&scene);
    wait::until("every worker to admit again", LIMIT, || {
        // First, so that a worker that admits the one has refused the other before.
        let answers = stand.ask_workers(&revoked, &application, "/api/time")?;
        for answer in answers {
            ensure!(answer.status != 200, "a revoked session was admitted");
        }
        Ok(stand.admitted_by_workers(&good, &application).ok())
    })?;
    wait::until("the figures to be good again", LIMIT, || {
        let ages = scene.figures("age_seconds")?;
        let young = ages.iter().all(|age| *age < AFTER / 2);
        let caught_up = all_above(&scene.figures("version")?, &versions);
        Ok((young && caught_up).then_some(()))
    })?;
    ensure!(
        all_above(&scene.figures("entries")?, &entries),
        "{entries:?}"
    );
    Ok(())
}

#[test]
fn b10_when_stale_allows_and_says_how_old_the_feed_is() -> Result<()> {
    let scene = Scene::start(
        "one-fetcher-allows",
        &format!("after: {AFTER}s, then: allow"),
    )?;
    let stand = &scene.stand;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;

    misbehave(&scene);
    stand.deployment.control.revoke_user(&user.email)?;
    wait::until("the feed to be older than that", LIMIT, || {
        // What is not known cannot be acted on.
        stand.admitted_by_workers(&browser, &application)?;
        let ages = scene.figures("age_seconds")?;
        Ok(ages.iter().all(|age| *age > AFTER).then_some(()))
    })?;
    behave(&scene);
    let reason = stand.refused_by_workers(&browser, &application)?;
    ensure!(reason == "session_revoked", "refused as {reason}");
    Ok(())
}

fn misbehave(scene: &Scene) {
    for relay in &scene.relays {
        relay.misbehave(|_| Conduct::Send(Vec::new()));
    }
}

fn behave(scene: &Scene) {
    for relay in &scene.relays {
        relay.behave();
    }
}

fn all_above(now: &[u64], before: &[u64]) -> bool {
    now.iter().zip(before).all(|(now, before)| now > before)
}

/// Waits until every worker denies, and checks that each does so when its Envoy says that the feed
/// is so old, no earlier and no later.
fn becomes_stale(scene: &Scene, good: &Browser, application: &Application) -> Result<()> {
    wait::until("every worker to find the feed stale", LIMIT, || {
        let before = scene.figures("age_seconds")?;
        let answers = scene.stand.ask_workers(good, application, "/api/time")?;
        for (number, answer) in answers.iter().enumerate() {
            let envoy = number * before.len() / answers.len();
            let age = before[envoy];
            match answer.status {
                200 => ensure!(age <= AFTER, "admitted at an age of {age} s"),
                503 => wait::until("the figure to say so", FEW_TICKS, || {
                    Ok((scene.figures("age_seconds")?[envoy] >= AFTER).then_some(()))
                })?,
                status => ensure!(false, "answered {status}"),
            }
        }
        let denied = answers.iter().all(|answer| answer.status == 503);
        Ok(denied.then_some(()))
    })
}
