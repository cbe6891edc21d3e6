//! The end of a token.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::clock::{EXPIRY_LIMIT, stand_with_clock};
use portcullis_e2e::stand::Stand;

use super::stream::{ALL, cookies, open_in_every_worker, until_cut};

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
    let cookies = cookies(&browser, &application);
    let mut open = Vec::new();
    for envoy in stand.envoys() {
        open.push(open_in_every_worker(stand, envoy, &application, &cookies)?);
    }
    let opened = Instant::now();
    for connections in open.iter_mut().flat_map(|all| all.chunks_mut(ALL.len())) {
        let [events, download, websocket] = connections else {
            bail!("not one of each");
        };
        until_cut(events, opened, EXPIRY_LIMIT)?;
        until_cut(websocket, opened, EXPIRY_LIMIT)?;
        // What is no stream may finish.
        ensure!(!download.read_some()?.is_empty(), "a download was cut");
    }
    Ok(())
}
