//! A filter credential that is revoked.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use portcullis_demo::wait;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{ApplicationSettings, Stand, bootstrap, directories};
use serde_json::Value;

const SHIPPED: &str = "after: 5m, then: deny";
const SOON: &str = "after: 4s, then: deny";
/// What Envoy counts of the filter's calls.
const UNAUTHORIZED: &str = "cluster.portcullis_control.upstream_rq_401";

#[test]
fn a_revoked_filter_credential_ends_the_long_poll_and_the_filter_denies() -> Result<()> {
    let directory = directories::of_stand("revoked-credential")?;
    let stand = Stand::start_changed(&directory, |yaml| {
        ensure!(yaml.contains(SHIPPED), "the bootstrap says not {SHIPPED}");
        bootstrap::with_quiet_listener(yaml.replace(SHIPPED, SOON))
    })?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    stand.admitted_by_workers(&browser, &application)?;
    let control = &stand.deployment.control;
    let listed: Value = control.command(&["filter-credential", "list"])?;
    let items = listed["items"].as_array().context("no list")?;
    let in_use = items.iter().find(|one| one["live_proxies"] == 1);
    let in_use = in_use.context("no credential is in use")?;
    ensure!(in_use["last_used_at"].is_u64(), "{in_use}");
    let id = in_use["id"].as_str().context("no id")?;
    let refused = || -> Result<u64> {
        let stats = stand.deployment.envoy.admin().stats(UNAUTHORIZED)?;
        Ok(stats.get(UNAUTHORIZED).copied().unwrap_or_default())
    };
    ensure!(refused()? == 0, "a call was refused before");

    let asked = Instant::now();
    let revoked: Value = control.command(&["filter-credential", "revoke", id])?;

    ensure!(revoked["live_proxies"] == 1, "{revoked}");
    wait::until("the long poll to be refused", REVOCATION_LIMIT, || {
        Ok((refused()? > 0).then_some(()))
    })?;
    println!("the long poll was refused within {:?}", asked.elapsed());
    // The filter hears nothing more, and denies when its feed is stale.
    wait::until("every worker to deny", REVOCATION_LIMIT * 4, || {
        let answers = stand.ask_workers(&browser, &application, "/api/time")?;
        for answer in &answers {
            if answer.status == 200 {
                return Ok(None);
            }
            let reason = Refusal::of_answer(answer)?.reason;
            ensure!(reason == "stale", "refused as {reason}");
        }
        Ok(Some(()))
    })
}
