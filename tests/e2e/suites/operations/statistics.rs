//! Every statistic of the filter exists in Envoy before anything happened, so that a rate sees the
//! first event.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use portcullis::filter::statistics;
use portcullis_demo::wait;
use portcullis_e2e::{Stand, directories};

use super::scrape::of_envoy;

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn b17_envoy_shows_every_statistic_from_the_start_and_no_other() -> Result<()> {
    let stand = Stand::start(&directories::of_stand("statistics")?)?;
    let all = statistics::counters().chain(statistics::gauges());
    let all: BTreeSet<String> = all.map(|name| name.replace('.', "_")).collect();
    wait::until("all statistics to be there", LIMIT, || {
        let shown = of_envoy(&stand)?;
        Ok(all.is_subset(&shown).then_some(()))
    })?;
    // Also after users came and went.
    let application = stand.application(&Default::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    stand.deployment.control.revoke_user(&user.email)?;
    stand.refused_by_workers(&browser, &application)?;
    let mut shown = of_envoy(&stand)?;
    shown.retain(|name| name.starts_with("portcullis_"));
    assert_eq!(shown, all);
    Ok(())
}
