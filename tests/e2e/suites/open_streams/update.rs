//! A listener whose filter gets another configuration while streams are open.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::bootstrap::{self, SHIPPED};
use portcullis_e2e::listeners::Listeners;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{ApplicationSettings, Stand, directories};

use super::stream::{cookies, open_all, until_cut};

const UPDATE_LIMIT: Duration = Duration::from_secs(20);

#[test]
fn b04_what_was_open_before_a_configuration_update_is_cut_too() -> Result<()> {
    let directory = directories::of_stand("updated")?;
    let slot = RefCell::new(None);
    let stand = Stand::start_draining(&directory, DRAIN, |yaml| {
        let yaml = bootstrap::with_quiet_listener(yaml)?;
        let (yaml, listeners) = Listeners::of(&yaml, &directory)?;
        slot.replace(Some(listeners));
        Ok(yaml)
    })?;
    let listeners = slot.take().context("no listeners")?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let cookies = cookies(&browser, &application);
    let port = stand.deployment.port();
    let mut open = open_all(&stand, port, &application, &cookies)?;

    listeners.reconfigure(SHIPPED, |configuration| {
        configuration["control"]["timeout"] = "3s".into();
    })?;
    let admin = stand.deployment.envoy.admin();
    wait::until("the old configuration to drain", UPDATE_LIMIT, || {
        let gauges = admin.stats(r"^listener_manager\.total_filter_chains_draining$")?;
        Ok((gauges.values().sum::<u64>() > 0).then_some(()))
    })?;
    open.extend(open_all(&stand, port, &application, &cookies)?);
    let gauges = admin.stats(r"^listener_manager\.total_filter_chains_draining$")?;
    ensure!(
        gauges.values().sum::<u64>() > 0,
        "it has drained: {gauges:?}"
    );

    let revoked = Instant::now();
    stand.deployment.control.revoke_user(&user.email)?;

    let mut slowest = Duration::ZERO;
    for connection in &mut open {
        slowest = slowest.max(until_cut(connection, revoked, REVOCATION_LIMIT)?);
    }
    println!("cut within {slowest:?}");
    Ok(())
}
