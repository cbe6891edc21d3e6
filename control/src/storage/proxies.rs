//! Who follows the feed, how far each has come, and when. Replicas of the control service write
//! here what they are told; each sees only the polls that reach it.

use std::time::Duration;

use portcullis::time::UnixMillis;
use sqlx::AnyConnection;

use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// How many proxies one filter credential may bring. Whoever has a credential can make up names,
/// and must not fill the database with them.
pub const MOST_PROXIES: usize = 10_000;

/// A proxy, as last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The id of the filter credential that it shows.
    pub credential: String,
    /// Its name for itself.
    pub instance: String,
    /// Where it polls from.
    pub address: String,
    /// Everything up to this version is in force there; 0: it has nothing yet.
    pub applied: u64,
    /// Its first poll.
    pub first_seen: UnixMillis,
    /// The beginning or end of its last poll.
    pub last_seen: UnixMillis,
    /// Without another poll it is taken for gone from then on.
    pub live_until: UnixMillis,
    /// After so much silence it refuses everybody; `None`: it never does, or has not said so.
    pub denies_after: Option<Duration>,
}

/// A version, and when something happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The feed's version.
    pub version: u64,
    /// When.
    pub at: UnixMillis,
}

/// What is new about a proxy.
#[derive(Debug, Clone)]
pub struct ProxyUpdate {
    /// The proxy.
    pub proxy: Proxy,
    /// Whether it has said what it has applied; else what was written down before holds.
    pub reports_applied: bool,
    /// Versions that it has come to since it was last written down.
    pub steps: Vec<Step>,
}

/// A version that a proxy has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyStep {
    /// Its credential.
    pub credential: String,
    /// Its name.
    pub instance: String,
    /// To which version, and when.
    pub step: Step,
}

type Row = (String, String, String, i64, i64, i64, i64, Option<i64>);

impl Database {
    /// Writes down what is new about proxies, and when versions were committed. The answer is
    /// the credentials that have brought [`MOST_PROXIES`] already and now bring another, which
    /// is not written down.
    pub async fn record_proxies(
        &self,
        news: &[ProxyUpdate],
        committed: &[Step],
    ) -> Result<Vec<String>, StorageError> {
        let mut write = self.write().await?;
        let mut crowded = Vec::new();
        for one in news {
            if put(write.connection(), one).await? {
                put_steps(write.connection(), one).await?;
            } else if !crowded.contains(&one.proxy.credential) {
                crowded.push(one.proxy.credential.clone());
            }
        }
        for step in committed {
            sqlx::query(
                "INSERT INTO version_times (version, at_ms) VALUES ($1, $2) \
                 ON CONFLICT (version) DO NOTHING",
            )
            .bind(to_db(step.version))
            .bind(to_db(step.at))
            .execute(write.connection())
            .await?;
        }
        write.commit().await?;
        Ok(crowded)
    }

    /// All proxies, by credential and name.
    pub async fn proxies(&self) -> Result<Vec<Proxy>, StorageError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT credential, instance, address, applied, first_seen_ms, last_seen_ms, \
             live_until_ms, denies_after_ms FROM proxies ORDER BY credential, instance",
        )
        .fetch_all(self.pool())
        .await?;
        Ok(rows.into_iter().map(proxy).collect())
    }

    /// Which proxies came to versions from `version` on, in the order of versions.
    pub async fn steps_from(&self, version: u64) -> Result<Vec<ProxyStep>, StorageError> {
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT credential, instance, version, at_ms FROM proxy_steps \
             WHERE version >= $1 ORDER BY version",
        )
        .bind(to_db(version))
        .fetch_all(self.pool())
        .await?;
        let step = |(credential, instance, version, at_ms)| ProxyStep {
            credential,
            instance,
            step: Step {
                version: from_db(version),
                at: from_db(at_ms),
            },
        };
        Ok(rows.into_iter().map(step).collect())
    }

    /// Forgets proxies of a name. How many there were.
    pub async fn forget_proxies(&self, instance: &str) -> Result<u64, StorageError> {
        let mut write = self.write().await?;
        let forgotten = sqlx::query("DELETE FROM proxies WHERE instance = $1")
            .bind(instance)
            .execute(write.connection())
            .await?
            .rows_affected();
        sqlx::query("DELETE FROM proxy_steps WHERE instance = $1")
            .bind(instance)
            .execute(write.connection())
            .await?;
        write.commit().await?;
        Ok(forgotten)
    }
}

/// Says whether there was room. What another replica heard later is left.
async fn put(connection: &mut AnyConnection, news: &ProxyUpdate) -> Result<bool, StorageError> {
    let proxy = &news.proxy;
    let updated = sqlx::query(
        "UPDATE proxies SET \
         address = CASE WHEN last_seen_ms <= $4 THEN $3 ELSE address END, \
         applied = CASE WHEN last_seen_ms <= $4 THEN COALESCE($5, applied) ELSE applied END, \
         live_until_ms = CASE WHEN last_seen_ms <= $4 THEN $6 ELSE live_until_ms END, \
         denies_after_ms = CASE WHEN last_seen_ms <= $4 THEN $7 ELSE denies_after_ms END, \
         last_seen_ms = CASE WHEN last_seen_ms <= $4 THEN $4 ELSE last_seen_ms END \
         WHERE credential = $1 AND instance = $2",
    )
    .bind(&proxy.credential)
    .bind(&proxy.instance)
    .bind(&proxy.address)
    .bind(to_db(proxy.last_seen))
    .bind(news.reports_applied.then(|| to_db(proxy.applied)))
    .bind(to_db(proxy.live_until))
    .bind(proxy.denies_after.map(span_to_db))
    .execute(&mut *connection)
    .await?;
    if updated.rows_affected() > 0 {
        return Ok(true);
    }
    let (known,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM proxies WHERE credential = $1")
        .bind(&proxy.credential)
        .fetch_one(&mut *connection)
        .await?;
    if from_db::<u64>(known) >= MOST_PROXIES as u64 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO proxies (credential, instance, address, applied, first_seen_ms, \
         last_seen_ms, live_until_ms, denies_after_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&proxy.credential)
    .bind(&proxy.instance)
    .bind(&proxy.address)
    .bind(to_db(proxy.applied))
    .bind(to_db(proxy.first_seen))
    .bind(to_db(proxy.last_seen))
    .bind(to_db(proxy.live_until))
    .bind(proxy.denies_after.map(span_to_db))
    .execute(connection)
    .await?;
    Ok(true)
}

async fn put_steps(connection: &mut AnyConnection, news: &ProxyUpdate) -> Result<(), StorageError> {
    for step in &news.steps {
        sqlx::query(
            "INSERT INTO proxy_steps (credential, instance, version, at_ms) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (credential, instance, version) DO NOTHING",
        )
        .bind(&news.proxy.credential)
        .bind(&news.proxy.instance)
        .bind(to_db(step.version))
        .bind(to_db(step.at))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

fn proxy(row: Row) -> Proxy {
    let (credential, instance, address, applied, first_seen, last_seen, live_until, denies) = row;
    Proxy {
        credential,
        instance,
        address,
        applied: from_db(applied),
        first_seen: from_db(first_seen),
        last_seen: from_db(last_seen),
        live_until: from_db(live_until),
        denies_after: denies.map(|millis| Duration::from_millis(from_db(millis))),
    }
}

fn span_to_db(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
