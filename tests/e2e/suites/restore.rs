//! A backup that was made before a revocation and before a sign-in is put back: the revoked session
//! stays refused, and all others end in both Envoys, with their streams.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};
use serde_json::Value;

use crate::open_streams::stream;

const LIMIT: Duration = Duration::from_secs(20);
/// They are read one after the other.
const STREAMS_LIMIT: Duration = Duration::from_secs(60);
const RAISED: u64 = 1_000_000_000;

#[test]
fn b12_a_session_that_was_revoked_after_the_backup_stays_refused() -> Result<()> {
    let directory = directories::of_stand("restore")?;
    let mut stand = Stand::start_two(&directory, DRAIN, |yaml, _| {
        bootstrap::with_quiet_listener(yaml)
    })?;
    let application = stand.application(&ApplicationSettings::default())?;
    let (user, other, late) = (stand.user()?, stand.user()?, stand.user()?);
    let mut revoked = stand.sign_in(&user, &application)?;
    let mut live = stand.sign_in(&other, &application)?;
    let backup = directory.join("backup.db");
    let file = backup.to_str().context("not UTF-8")?.to_owned();
    let control = &stand.deployment.control;
    control.command::<Value>(&["backup", &file])?;
    let version = control.revoke_user(&user.email)?;
    ensure!(stand.refused_by_workers(&revoked, &application)? == "session_revoked");
    stand.admitted_by_workers(&live, &application)?;
    // The backup knows nothing of this session.
    let mut later = stand.sign_in(&late, &application)?;
    let mut streams = Vec::new();
    for browser in [&live, &later] {
        let cookies = stream::cookies(browser, &application);
        for envoy in stand.envoys() {
            let open = stream::open_in_every_worker(&stand, envoy, &application, &cookies)?;
            streams.extend(open);
        }
    }

    // Whoever only copies the file finds that the service does not start.
    stand.deployment.control.kill();
    let database = stand.deployment.control.database();
    std::fs::copy(&backup, &database)?;
    for log in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{log}", database.display()));
    }
    let error = stand.deployment.control.restart();
    let error = format!("{:#}", error.err().context("started")?);
    ensure!(error.contains("portcullis-control restore"), "{error}");
    // Envoy goes on with what it has.
    stand.admitted_by_workers(&live, &application)?;
    for answer in stand.ask_workers(&revoked, &application, "/api/time")? {
        ensure!(answer.status == 401, "{}", answer.status);
    }

    let control = &stand.deployment.control;
    let restored: Value = control.command(&["restore", &file])?;
    ensure!(
        restored["version"].as_u64() >= Some(version + RAISED),
        "{restored}"
    );
    stand.deployment.control.restart()?;
    let restarted = Instant::now();

    // At no moment is the revoked session admitted, while the feed of the backup arrives.
    wait::until("the other sessions to end too", LIMIT, || {
        for answer in stand.ask_workers(&revoked, &application, "/api/time")? {
            ensure!(answer.status == 401, "{}", answer.status);
        }
        let mut answers = stand.ask_workers(&live, &application, "/api/time")?;
        answers.extend(stand.ask_workers(&later, &application, "/api/time")?);
        Ok(answers
            .iter()
            .all(|answer| answer.status == 401)
            .then_some(()))
    })?;
    for stream in &mut streams {
        stream::until_cut(stream, restarted, STREAMS_LIMIT)?;
    }
    for browser in [&revoked, &live, &later] {
        ensure!(stand.refused_by_workers(browser, &application)? == "key_unknown");
    }
    for (user, browser) in [
        (&user, &mut revoked),
        (&other, &mut live),
        (&late, &mut later),
    ] {
        let page = browser.open(&application.url("/"))?;
        ensure!(page.url.path() == "/login", "{}", page.url);
        let page = browser.sign_in(&application.url("/"), user)?;
        ensure!(page.status == 200, "{}", page.status);
        stand.admitted_by_workers(browser, &application)?;
    }
    Ok(())
}
