//! The proxies that follow the feed, and which version each has applied when. Each replica of the
//! control service stores what it learns from the polls that reach it.

use std::time::Duration;

use portcullis::time::UnixMillis;
use sqlx::AnyConnection;

use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// The most proxies of one filter credential. The holder of a credential can make up names, and
/// must not fill the database with them.
pub const MOST_PROXIES: usize = 10_000;

/// A proxy, according to its last poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The id of its filter credential.
    pub credential: String,
    /// Its name for itself.
    pub instance: String,
    /// The address of its last poll.
    pub address: String,
    /// The version that it has applied; 0 for none.
    pub applied: u64,
    /// The time of its first poll.
    pub first_seen: UnixMillis,
    /// When its last poll began or ended.
    pub last_seen: UnixMillis,
    /// Until when it counts as live without another poll.
    pub live_until: UnixMillis,
    /// After how long without a poll it denies every request; `None` if it never does, or does not
    /// say.
    pub denies_after: Option<Duration>,
}

/// A version, and when it was committed or applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The feed's version.
    pub version: u64,
    /// The time.
    pub at: UnixMillis,
}

/// New facts about a proxy.
#[derive(Debug, Clone)]
pub struct ProxyUpdate {
    /// The proxy.
    pub proxy: Proxy,
    /// Whether the proxy reports what it has applied; if not, the stored version stays.
    pub reports_applied: bool,
    /// The versions that it has applied since the last update.
    pub steps: Vec<Step>,
}

/// A version that a proxy has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyStep {
    /// Its credential.
    pub credential: String,
    /// Its name.
    pub instance: String,
    /// The version, and when it was applied.
    pub step: Step,
}

type Row = (String, String, String, i64, i64, i64, i64, Option<i64>);

impl Database {
    /// Stores new facts about proxies, and when versions were committed. Returns the credentials
    /// that have [`MOST_PROXIES`] already and another one now, which is not stored.
    pub async fn record_proxies(
        &self,
        updates: &[ProxyUpdate],
        committed: &[Step],
    ) -> Result<Vec<String>, StorageError> {
        let mut write = self.write().await?;
        let mut crowded = Vec::new();
        for update in updates {
            if put(write.connection(), update).await? {
                put_steps(write.connection(), update).await?;
            } else if !crowded.contains(&update.proxy.credential) {
                crowded.push(update.proxy.credential.clone());
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

    /// The steps of proxies to `version` and later ones, by version.
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

    /// Deletes the proxies with a name. Returns how many there were.
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

/// Stores a proxy, unless another replica has stored a later poll. False if there is no room.
async fn put(connection: &mut AnyConnection, update: &ProxyUpdate) -> Result<bool, StorageError> {
    let proxy = &update.proxy;
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
    .bind(update.reports_applied.then(|| to_db(proxy.applied)))
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

async fn put_steps(
    connection: &mut AnyConnection,
    update: &ProxyUpdate,
) -> Result<(), StorageError> {
    for step in &update.steps {
        sqlx::query(
            "INSERT INTO proxy_steps (credential, instance, version, at_ms) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (credential, instance, version) DO NOTHING",
        )
        .bind(&update.proxy.credential)
        .bind(&update.proxy.instance)
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
