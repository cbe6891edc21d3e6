//! What filters say that they hold, and what the database holds.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use portcullis::session::revocations::Digest;
use portcullis::time::UnixSeconds;
use portcullis_demo::wait;
use sqlx::AnyPool;

use crate::proxies::{FILTERS, Site};

const LIMIT: Duration = Duration::from_secs(60);

/// Version, count and digest, as filters write them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding(String);

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the database holds.
pub fn of_database(site: &Site) -> Result<Holding> {
    let url = format!(
        "sqlite://{}",
        site.stand.deployment.control.database().display()
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let pool = AnyPool::connect(&url).await?;
        // In one transaction: upkeep may delete in between.
        let mut read = pool.begin().await?;
        let (version,): (i64,) = sqlx::query_as("SELECT version FROM feed_state")
            .fetch_one(&mut *read)
            .await?;
        let rows: Vec<(i64, i64, i64)> =
            sqlx::query_as("SELECT version, fresh, expires_at FROM revocations")
                .fetch_all(&mut *read)
                .await?;
        let mut digest = Digest::default();
        for (version, fresh, until) in &rows {
            digest = digest.and(Digest::of(
                (*version).try_into()?,
                *fresh != 0,
                UnixSeconds::new((*until).try_into()?),
            ));
        }
        read.rollback().await?;
        pool.close().await;
        let count = rows.len();
        Ok(Holding(format!(
            "version {version}: {count} revocations, digest {digest}"
        )))
    })
}

/// Waits until every filter of an Envoy holds exactly that.
pub fn wait_for(site: &Site, which: usize, wanted: &Holding) -> Result<()> {
    let log = site.envoy(which)?.log();
    let mut last = BTreeMap::new();
    wait::until(
        "every filter to hold what the database holds",
        LIMIT,
        || {
            last = of_filters(&log)?;
            let all = last.len() == FILTERS && last.values().all(|holding| holding == wanted);
            Ok(all.then_some(()))
        },
    )
    .with_context(|| format!("Envoy {which}: filters hold {last:#?}, the database {wanted:?}"))
}

/// What each filter last said, by thread and root context.
fn of_filters(log: &Path) -> Result<BTreeMap<(String, String), Holding>> {
    let text = fs::read(log)?;
    let text = String::from_utf8_lossy(&text);
    let mut holdings = BTreeMap::new();
    for line in text.lines() {
        // `[time][thread][debug][wasm] … filter 2 holds version 57: …`
        let Some((head, holding)) = line.split_once(" holds ") else {
            continue;
        };
        let filter = head.rsplit(' ').next().unwrap_or_default();
        let thread = head.split(['[', ']']).nth(3).unwrap_or_default();
        let key = (thread.to_owned(), filter.to_owned());
        holdings.insert(key, Holding(holding.to_owned()));
    }
    Ok(holdings)
}
