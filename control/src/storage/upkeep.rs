//! Deletes what no longer has any effect, in small batches: a revocation waits for one batch at
//! most.

pub(super) mod clock;

use std::time::Duration;

use portcullis::time::{UnixMillis, UnixSeconds};

use crate::storage::audit::Unaudited;
use crate::storage::audit::sign_ins::Day;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::idempotency::LIFE as CALL_LIFE;
use crate::storage::sent_forms::LIFE as FORM_LIFE;
use crate::storage::users::known::LIFE as NETWORK_LIFE;

/// How long a revocation is kept past its end. Filters drop it after the same time.
const REVOCATION_GRACE: Duration = Duration::from_secs(3600);

/// How long a code is kept past its end, and a refresh after it was made, for repeated calls.
const REPEAT_GRACE: Duration = Duration::from_secs(60);

/// How many versions the log reaches back. A follower that is further behind gets a snapshot.
const KEPT_VERSIONS: u64 = 100_000;

/// How many rows one transaction deletes.
const BATCH: i64 = 2_000;

/// How many steps of proxies are kept.
const KEPT_STEPS: i64 = 1_000_000;

/// How long a proxy is still listed after it began to deny every request.
const PROXY_GRACE: Duration = Duration::from_secs(3600);

/// Delete at most `$2` rows that are older than `$1`.
///
/// Each statement repeats its condition outside the inner query, because on PostgreSQL the rows
/// could have changed in between.
const OUTDATED_CODES: &str = "DELETE FROM exchange_codes WHERE expires_at < $1 AND code_hash IN \
     (SELECT code_hash FROM exchange_codes WHERE expires_at < $1 LIMIT $2)";
const OUTDATED_REFRESHES: &str = "DELETE FROM refreshes WHERE issued_at < $1 AND jti IN \
     (SELECT jti FROM refreshes WHERE issued_at < $1 LIMIT $2)";
const OUTDATED_DEVICE_CODES: &str = "DELETE FROM device_codes WHERE expires_at < $1 AND \
     device_code_hash IN (SELECT device_code_hash FROM device_codes WHERE expires_at < $1 LIMIT $2)";
const OUTDATED_SESSIONS: &str = "DELETE FROM sessions WHERE expires_at < $1 AND id IN \
     (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";
const OUTDATED_REVOCATIONS: &str = "DELETE FROM revocations WHERE expires_at < $1 AND \
     (scope, subject, audience, fresh) IN \
     (SELECT scope, subject, audience, fresh FROM revocations WHERE expires_at < $1 LIMIT $2)";
const OUTDATED_REPORTS: &str = "DELETE FROM provider_events WHERE expires_at < $1 AND \
     (issuer, id_hash) IN \
     (SELECT issuer, id_hash FROM provider_events WHERE expires_at < $1 LIMIT $2)";
const OUTDATED_PROXIES: &str = "DELETE FROM proxies WHERE last_seen_ms + denies_after_ms < $1 \
     AND (credential, instance) IN (SELECT credential, instance FROM proxies \
     WHERE last_seen_ms + denies_after_ms < $1 LIMIT $2)";
const OUTDATED_STEPS: &str = "DELETE FROM proxy_steps WHERE at_ms < $1 AND \
     (credential, instance, version) IN \
     (SELECT credential, instance, version FROM proxy_steps WHERE at_ms < $1 LIMIT $2)";
const OUTDATED_NETWORKS: &str = "DELETE FROM known_networks WHERE last_used_at < $1 AND \
     (user_id, network) IN \
     (SELECT user_id, network FROM known_networks WHERE last_used_at < $1 LIMIT $2)";
const OUTDATED_FORMS: &str = "DELETE FROM sent_forms WHERE sent_at < $1 AND id IN \
     (SELECT id FROM sent_forms WHERE sent_at < $1 LIMIT $2)";
const OUTDATED_CALLS: &str = "DELETE FROM idempotency_keys WHERE sent_at < $1 AND (token_id, key) IN \
     (SELECT token_id, key FROM idempotency_keys WHERE sent_at < $1 LIMIT $2)";
const OUTDATED_EVENTS: &str = "DELETE FROM audit_events WHERE at_ms < $1 AND id IN \
     (SELECT id FROM audit_events WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)";
const OUTDATED_COUNTS: &str = "DELETE FROM sign_in_counts WHERE day < $1 AND \
     (audience, day, admitted) IN \
     (SELECT audience, day, admitted FROM sign_in_counts WHERE day < $1 LIMIT $2)";
const OUTDATED_LOG: &str = "DELETE FROM feed_log WHERE version <= $1 AND (version, position) IN \
     (SELECT version, position FROM feed_log WHERE version <= $1 \
     ORDER BY version, position LIMIT $2)";
const OUTDATED_TIMES: &str = "DELETE FROM version_times WHERE version <= $1 AND version IN \
     (SELECT version FROM version_times WHERE version <= $1 ORDER BY version LIMIT $2)";

/// Who else deletes the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turns {
    /// Nobody in another order.
    Free,
    /// Revocations do, in another order: whoever is first ends first.
    WithRevocations,
}

impl Database {
    /// Deletes codes, refreshes, networks, forms, calls and proxies that ended before `now`, and the oldest part of the
    /// log; sessions, reports of providers, counts of sign-ins and revocations that ended before `settled`. A revocation
    /// lasts as long as the sessions that are stored, and a report would count again, so a clock that is
    /// ahead must not delete them either.
    pub async fn tidy(&self, now: UnixSeconds, settled: UnixSeconds) -> Result<(), StorageError> {
        let past_repeats = to_db(now - REPEAT_GRACE);
        let past_proxies = (now - PROXY_GRACE).get().saturating_mul(1_000);
        for (delete, before) in [
            (OUTDATED_CODES, past_repeats),
            (OUTDATED_REFRESHES, past_repeats),
            (OUTDATED_DEVICE_CODES, past_repeats),
            (OUTDATED_REPORTS, to_db(settled)),
            (OUTDATED_NETWORKS, to_db(now - NETWORK_LIFE)),
            (OUTDATED_FORMS, to_db(now - FORM_LIFE)),
            (OUTDATED_CALLS, to_db(now - CALL_LIFE)),
            (OUTDATED_REVOCATIONS, to_db(settled - REVOCATION_GRACE)),
            (OUTDATED_PROXIES, to_db(past_proxies)),
            (OUTDATED_STEPS, to_db(self.oldest_step().await?)),
            (OUTDATED_COUNTS, Day::of(settled).first_kept().to_db()),
        ] {
            self.delete(delete, before).await?;
        }
        self.delete_in_turn(OUTDATED_SESSIONS, to_db(settled), Turns::WithRevocations)
            .await?;
        // The new start is committed first: followers from before it then get a snapshot, so
        // nothing reads what is deleted.
        let start = self.shorten_log().await?;
        self.delete(OUTDATED_LOG, to_db(start)).await?;
        self.delete(OUTDATED_TIMES, to_db(start)).await
    }
}

impl Database {
    /// Deletes events of the audit log from before a time.
    pub async fn forget_events(&self, before: UnixSeconds) -> Result<(), StorageError> {
        let before_ms = UnixMillis::new(before.get().saturating_mul(1_000));
        self.delete(OUTDATED_EVENTS, to_db(before_ms)).await
    }

    async fn delete(&self, statement: &'static str, before: i64) -> Result<(), StorageError> {
        self.delete_in_turn(statement, before, Turns::Free).await
    }

    async fn delete_in_turn(
        &self,
        statement: &'static str,
        before: i64,
        turns: Turns,
    ) -> Result<(), StorageError> {
        loop {
            let mut write = self.write().await?;
            if turns == Turns::WithRevocations {
                write.lock().await?;
            }
            let deleted = sqlx::query(statement)
                .bind(before)
                .bind(BATCH)
                .execute(write.connection())
                .await?;
            write.commit_unaudited(Unaudited::Upkeep).await?;
            if from_db::<u64>(BATCH) > deleted.rows_affected() {
                return Ok(());
            }
        }
    }

    /// Moves the start of the log. Returns the new one.
    async fn shorten_log(&self) -> Result<u64, StorageError> {
        let mut write = self.write().await?;
        let (start,): (i64,) = sqlx::query_as(
            "UPDATE feed_state SET log_start = \
             CASE WHEN version - $1 > log_start THEN version - $1 ELSE log_start END \
             WHERE only_row = 1 RETURNING log_start",
        )
        .bind(to_db(KEPT_VERSIONS))
        .fetch_one(write.connection())
        .await?;
        write.commit_unaudited(Unaudited::Upkeep).await?;
        Ok(from_db(start))
    }

    async fn oldest_step(&self) -> Result<UnixMillis, StorageError> {
        let row: Option<(i64,)> =
            sqlx::query_as("SELECT at_ms FROM proxy_steps ORDER BY at_ms DESC LIMIT 1 OFFSET $1")
                .bind(KEPT_STEPS)
                .fetch_optional(self.pool())
                .await?;
        Ok(row.map_or(UnixMillis::EPOCH, |(at_ms,)| from_db(at_ms)))
    }
}
