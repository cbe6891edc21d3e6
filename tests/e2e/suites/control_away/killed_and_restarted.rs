//! A running Envoy keeps deciding with the last feed until that is too old.

use std::time::Duration;

use anyhow::{Result, ensure};
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};

/// How old the feed may become in this suite.
const STALE_AFTER: &str = "4s";
const LIMIT: Duration = Duration::from_secs(20);

fn change(yaml: String) -> Result<String> {
    let changed = yaml.replace("after: 5m", &format!("after: {STALE_AFTER}"));
    ensure!(changed != yaml, "the bootstrap says nothing of 5m");
    bootstrap::with_quiet_listener(changed)
}

#[test]
fn sessions_go_on_until_the_feed_is_stale_and_revocations_are_caught_up() -> Result<()> {
    let mut stand = Stand::start_two(&directories::of_stand("away")?, DRAIN, |yaml, _| {
        change(yaml)
    })?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;

    stand.deployment.control.kill();
    stand.admitted_by_workers(&browser, &application)?;
    let answers = wait::until("every worker to find the feed stale", LIMIT, || {
        let answers = stand.ask_workers(&browser, &application, "/api/time")?;
        Ok(answers
            .iter()
            .all(|answer| answer.status == 503)
            .then_some(answers))
    })?;
    for answer in answers {
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(String::from_utf8_lossy(&answer.body).contains("\"reason\":\"stale\""));
    }

    stand.deployment.control.restart()?;
    wait::until("every worker to admit again", LIMIT, || {
        Ok(stand.admitted_by_workers(&browser, &application).ok())
    })?;
    stand.deployment.control.revoke_user(&user.email)?;
    let reason = stand.refused_by_workers(&browser, &application)?;
    assert_eq!(reason, "session_revoked");
    Ok(())
}
