//! A command line's poll: gets the answer once, or has to wait.

use portcullis::time::UnixSeconds;

use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::database::timed::TimedPool;
use crate::storage::database::write::Write;
use crate::storage::sessions::ShownSignIn;
use crate::tokens::secret::Hashed;

/// The outcome of a poll. A request that has ended is deleted, so only one poll finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// No such request, or its answer has been fetched.
    Unknown,
    /// It has not been answered.
    Waiting,
    /// It has not been answered, and the poll came too soon; the interval becomes longer.
    TooSoon,
    /// It was not answered in time.
    Expired,
    /// The person refused.
    Refused,
    /// The person confirmed.
    Confirmed {
        /// The sign-in that confirmed it.
        shown: ShownSignIn,
        /// The application that the token is for.
        audience: String,
    },
}

/// What a poll that comes too soon adds to the interval (RFC 8628, section 3.5).
const SLOW_DOWN_SECONDS: i64 = 5;
/// The longest interval. Once it is reached, a poll that comes too soon changes nothing.
const LONGEST_INTERVAL_SECONDS: i64 = 60;

type Columns = (
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    i64,
    String,
    i64,
);

/// The outcome of a poll that changes nothing; `None` if something must be written. This spares
/// the writing transaction: strangers can poll with anything, and only one can write at a time.
pub(super) async fn look(
    pool: TimedPool<'_>,
    device_code: &Hashed,
    now: UnixSeconds,
) -> Result<Option<Poll>, StorageError> {
    let row: Option<(Option<String>, i64, i64, i64)> = sqlx::query_as(
        "SELECT answer, expires_at, next_poll_at, poll_interval FROM device_codes \
         WHERE device_code_hash = $1",
    )
    .bind(device_code.as_str())
    .fetch_optional(pool)
    .await?;
    let Some((answer, expires_at, next_poll_at, interval)) = row else {
        return Ok(Some(Poll::Unknown));
    };
    let ended = answer.is_some() || from_db::<UnixSeconds>(expires_at) <= now;
    let too_soon =
        from_db::<UnixSeconds>(next_poll_at) > now && interval >= LONGEST_INTERVAL_SECONDS;
    Ok((!ended && too_soon).then_some(Poll::TooSoon))
}

fn slower(interval: i64) -> i64 {
    interval
        .saturating_add(SLOW_DOWN_SECONDS)
        .min(LONGEST_INTERVAL_SECONDS)
}

/// Of several concurrent polls, only one finds the row to delete.
pub(super) async fn take_ended(
    write: &mut Write,
    device_code: &Hashed,
    now: UnixSeconds,
) -> Result<Option<Poll>, StorageError> {
    let row: Option<Columns> = sqlx::query_as(
        "DELETE FROM device_codes \
         WHERE device_code_hash = $1 AND (answer IS NOT NULL OR expires_at <= $2) \
         RETURNING answer, session_id, auth_time, auth_ver, session_end, key_refusals, \
         audience, expires_at",
    )
    .bind(device_code.as_str())
    .bind(to_db(now))
    .fetch_optional(write.connection())
    .await?;
    Ok(row.map(|row| ended(row, now)))
}

fn ended(row: Columns, now: UnixSeconds) -> Poll {
    let (answer, session_id, auth_time, auth_ver, session_end, refusals, audience, expires_at) =
        row;
    if from_db::<UnixSeconds>(expires_at) <= now {
        return Poll::Expired;
    }
    let sign_in = auth_time.zip(auth_ver).zip(session_end);
    match (answer.as_deref(), session_id, sign_in) {
        (Some("confirmed"), Some(session_id), Some(((auth_time, auth_ver), end))) => {
            Poll::Confirmed {
                shown: ShownSignIn {
                    session_id,
                    auth_time: from_db(auth_time),
                    auth_ver: from_db(auth_ver),
                    session_end: from_db(end),
                    key_refusals: from_db(refusals),
                },
                audience,
            }
        }
        _ => Poll::Refused,
    }
}

pub(super) async fn keep_waiting(
    write: &mut Write,
    device_code: &Hashed,
    now: UnixSeconds,
) -> Result<Poll, StorageError> {
    let row: Option<(i64, i64)> = sqlx::query_as(
        "SELECT next_poll_at, poll_interval FROM device_codes WHERE device_code_hash = $1",
    )
    .bind(device_code.as_str())
    .fetch_optional(write.connection())
    .await?;
    let Some((next_poll_at, interval)) = row else {
        return Ok(Poll::Unknown);
    };
    let (poll, interval) = if from_db::<UnixSeconds>(next_poll_at) > now {
        (Poll::TooSoon, slower(interval))
    } else {
        (Poll::Waiting, interval)
    };
    sqlx::query(
        "UPDATE device_codes SET poll_interval = $1, next_poll_at = $2 \
         WHERE device_code_hash = $3",
    )
    .bind(interval)
    .bind(to_db(now).saturating_add(interval))
    .bind(device_code.as_str())
    .execute(write.connection())
    .await?;
    Ok(poll)
}
