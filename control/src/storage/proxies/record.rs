//! Stores what proxies have reported.

use std::time::Duration;

use sqlx::AnyConnection;

use super::{MOST_PROXIES, Proxy, ProxyUpdate, Step};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

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
        write.commit_unaudited(Unaudited::Proxies).await?;
        Ok(crowded)
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
         hung_up = CASE WHEN last_seen_ms <= $4 THEN $8 ELSE hung_up END, \
         node = CASE WHEN last_seen_ms <= $4 THEN $9 ELSE node END, \
         process = CASE WHEN last_seen_ms <= $4 THEN $10 ELSE process END, \
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
    .bind(i64::from(proxy.hung_up))
    .bind(proxy.process.as_ref().map(|of| &of.node))
    .bind(proxy.process.as_ref().map(|of| &of.process))
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
    insert(connection, proxy).await?;
    Ok(true)
}

async fn insert(connection: &mut AnyConnection, proxy: &Proxy) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO proxies (credential, instance, address, applied, first_seen_ms, \
         last_seen_ms, live_until_ms, denies_after_ms, hung_up, node, process) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(&proxy.credential)
    .bind(&proxy.instance)
    .bind(&proxy.address)
    .bind(to_db(proxy.applied))
    .bind(to_db(proxy.first_seen))
    .bind(to_db(proxy.last_seen))
    .bind(to_db(proxy.live_until))
    .bind(proxy.denies_after.map(span_to_db))
    .bind(i64::from(proxy.hung_up))
    .bind(proxy.process.as_ref().map(|of| &of.node))
    .bind(proxy.process.as_ref().map(|of| &of.process))
    .execute(connection)
    .await?;
    Ok(())
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

fn span_to_db(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
