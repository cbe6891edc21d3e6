//! The end of a token.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::{EXPIRY_LIMIT, stand_with_clock};
use portcullis_e2e::stand::Stand;

use super::stream::{cookies, open_all, until_cut};

#[test]
fn b04_a_stream_ends_with_its_token() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand: &Stand = &clock.stand;
    let application = stand.application(&ApplicationSettings {
        session_duration: "15m",
        ..ApplicationSettings::default()
    })?;
    let user = stand.user()?;
    let duration = Duration::from_secs(15 * 60);
    let browser = clock.sign_in_about_to_expire(&user, &application, duration)?;
    let port = stand.deployment.port();
    let mut open = open_all(stand, port, &application, &cookies(&browser, &application))?;
    let opened = Instant::now();
    for index in [0, 2] {
        let stream = open.get_mut(index).context("a stream")?;
        until_cut(stream, opened, EXPIRY_LIMIT)?;
    }
    // What is no stream may finish.
    let download = open.get_mut(1).context("a download")?;
    ensure!(!download.read_some()?.is_empty(), "the download was cut");
    Ok(())
}
