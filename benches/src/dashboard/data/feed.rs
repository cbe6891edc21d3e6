//! Revocations, and the proxies that have applied them.

use super::Ground;
use super::numbers::{DAY, hash, numbers, random, user_id};

/// Versions whose commit is known: the control service keeps so many.
const TIMES: u64 = 100_000;
/// The newest versions, to each of which every proxy took a step: the control service keeps a million
/// steps.
const STEPS: u64 = 100;
/// The newest revocations are of users that exist.
const OF_USERS: u64 = 1_000;

/// Each has a version of its own.
pub fn revocations(count: u64, ground: &Ground) -> String {
    format!(
        "INSERT INTO revocations (scope, subject, audience, version, fresh, expires_at) {} \
         SELECT CASE WHEN i >= {of_users} OR i % 10 < 8 THEN 'user' ELSE 'session' END, \
         CASE WHEN i >= {of_users} THEN {} ELSE {} || {} END, '', {} + 1 + i, 0, {} + {DAY} FROM n",
        numbers(count),
        user_id("i % 1000"),
        hash("i + 5000000"),
        hash("i"),
        ground.version,
        ground.now,
        of_users = count.saturating_sub(OF_USERS),
    )
}

/// A second between two versions; the last was a minute ago.
pub fn times(count: u64, ground: &Ground) -> String {
    format!(
        "INSERT INTO version_times (version, at_ms) {} SELECT {} - i, {} FROM n",
        numbers(count.min(TIMES)),
        newest(count, ground),
        committed("i", ground),
    )
}

/// All poll, and have the newest version.
pub fn proxies(count: u64, revocations: u64, ground: &Ground) -> String {
    let now_ms = ground.now * 1_000;
    format!(
        "INSERT INTO proxies (credential, instance, node, process, address, applied, first_seen_ms, \
         last_seen_ms, live_until_ms, denies_after_ms, hung_up, shares_node) {} \
         SELECT '{}', {}, 'edge-' || CAST(i AS TEXT), {}, '10.0.' || CAST(i / 256 AS TEXT) || '.' || \
         CAST(i % 256 AS TEXT), {}, {now_ms} - 20 * {DAY} * 1000, {now_ms}, {now_ms} + {DAY} * 1000, \
         300000, 0, 0 FROM n",
        numbers(count),
        ground.credential,
        instance("i"),
        hash("i + 9"),
        newest(revocations, ground),
    )
}

/// Every proxy took each of the newest steps.
pub fn steps(proxies: u64, revocations: u64, ground: &Ground) -> String {
    format!(
        "INSERT INTO proxy_steps (credential, instance, version, at_ms) {}, \
         m (k) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT k + 1 FROM m WHERE k + 1 < {STEPS}) \
         SELECT '{}', {}, {} - k, {} + 20 + {} FROM m CROSS JOIN n",
        numbers(proxies),
        ground.credential,
        instance("i"),
        newest(revocations, ground),
        committed("k", ground),
        random("i + k", 200),
    )
}

/// The newest version.
pub fn newest(revocations: u64, ground: &Ground) -> String {
    format!("({} + {revocations})", ground.version)
}

fn committed(age: &str, ground: &Ground) -> String {
    format!("(({} - 60 - {age}) * 1000)", ground.now)
}

/// The name of a proxy.
pub fn instance(number: &str) -> String {
    format!(
        "'edge-' || CAST({number} AS TEXT) || '/' || {}",
        hash(&format!("{number} + 9"))
    )
}
