//! What Prometheus would scrape.

use std::collections::BTreeSet;

use anyhow::Result;
use portcullis_e2e::Stand;

/// The names of the samples that Envoy serves.
pub fn of_envoy(stand: &Stand) -> Result<BTreeSet<String>> {
    let text = stand.deployment.envoy.admin().text("/stats/prometheus")?;
    Ok(names(&text))
}

/// The names of the samples that the control service serves.
pub fn of_control(stand: &Stand) -> Result<BTreeSet<String>> {
    Ok(names(&stand.deployment.control.metrics()?))
}

fn names(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let name = |line: &str| line.split(['{', ' ']).next().map(str::to_owned);
    samples.filter_map(name).collect()
}
