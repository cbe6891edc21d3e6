//! What is stored ends no later because the clock was set back.
//!
//! Whatever began in what is now the future begins now instead, with the duration that it had.
//! Revocations keep their ends: they must outlast tokens, whose ends nothing can change.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// The longest that may be left of what has no beginning in the database.
#[derive(Debug, Clone, Copy)]
pub struct LongestLeft {
    /// Of the block after a revocation.
    pub login_block: Duration,
    /// Of an exchange code.
    pub exchange_code: Duration,
}

/// `$1` is now and `$2` the moment after which nothing can have begun, in seconds.
const MOVED: [&str; 8] = [
    "UPDATE exchange_codes SET used_at = $1 WHERE used_at > $2",
    "UPDATE refreshes SET issued_at = $1 WHERE issued_at > $2",
    "UPDATE device_codes SET expires_at = expires_at - (asked_at - $1), \
     next_poll_at = next_poll_at - (asked_at - $1), asked_at = $1 WHERE asked_at > $2",
    // The time of the next poll moves on with each poll.
    "UPDATE device_codes SET next_poll_at = $1 + poll_interval \
     WHERE next_poll_at > $2 + poll_interval",
    "UPDATE sessions SET expires_at = expires_at - (auth_time - $1), auth_time = $1, \
     created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END, \
     last_used_at = CASE WHEN last_used_at > $1 THEN $1 ELSE last_used_at END \
     WHERE auth_time > $2",
    "UPDATE sessions SET checked_at = $1 WHERE checked_at > $2",
    "UPDATE admin_tokens SET expires_at = expires_at - (created_at - $1), created_at = $1 \
     WHERE created_at > $2",
    // Keys that wait to sign, and the one that signs until the next rotation.
    "UPDATE signing_keys SET since = $1 WHERE since > $2",
];

/// The same in milliseconds.
const PROXIES: &str = "UPDATE proxies SET live_until_ms = live_until_ms - (last_seen_ms - $1), \
     first_seen_ms = CASE WHEN first_seen_ms > $1 THEN $1 ELSE first_seen_ms END, \
     last_seen_ms = $1 WHERE last_seen_ms > $2";

const BLOCKS: &str = "UPDATE users SET blocked_until = $1 WHERE blocked_until > $2";
const CODES: &str = "UPDATE exchange_codes SET expires_at = $1 WHERE expires_at > $2";

impl Database {
    /// Moves whatever began after `now`. What began within `tolerance` stays: clocks of other
    /// services on the database may be ahead by so much.
    pub async fn begin_no_later(
        &self,
        now: UnixSeconds,
        tolerance: Duration,
        longest: LongestLeft,
    ) -> Result<(), StorageError> {
        let millis = |moment: UnixSeconds| to_db(moment.get().saturating_mul(1_000));
        let seconds = |moment: UnixSeconds| to_db(moment);
        let block = now + longest.login_block;
        let code = now + longest.exchange_code;
        let mut statements = MOVED
            .map(|statement| (statement, seconds(now), seconds(now + tolerance)))
            .to_vec();
        statements.extend([
            (PROXIES, millis(now), millis(now + tolerance)),
            (BLOCKS, seconds(block), seconds(block + tolerance)),
            (CODES, seconds(code), seconds(code + tolerance)),
        ]);
        let mut write = self.write().await?;
        for (statement, value, after) in statements {
            sqlx::query(statement)
                .bind(value)
                .bind(after)
                .execute(write.connection())
                .await?;
        }
        write.commit_unaudited(Unaudited::Upkeep).await?;
        Ok(())
    }
}
