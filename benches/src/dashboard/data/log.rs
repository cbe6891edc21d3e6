//! The audit log, and secrets of programs.

use super::Ground;
use super::applications::FIRST;
use super::numbers::{
    APPLICATIONS, DAY, address, audience, hash, numbers, random, user_agent, user_id,
};

/// Service tokens, admin tokens and access groups.
const OF_EACH: u64 = 20;
/// How far back the log reaches; the control service keeps 90 days.
const REACHES: u64 = 85 * DAY;

/// What happened, in percent.
const EVENTS: &str = "CASE WHEN kind < 40 THEN 'token.issued' WHEN kind < 68 THEN 'session.refreshed' \
     WHEN kind < 88 THEN 'sign_in.succeeded' WHEN kind < 93 THEN 'sign_in.failed' \
     WHEN kind < 98 THEN 'sign_in.refused' ELSE 'revocation.made' END";

/// Evenly over the time, each about a user.
pub fn audit_events(count: u64, users: u64, ground: &Ground) -> String {
    let audit_id = ground.audit_id;
    let newest_ms = (ground.now - 60) * 1_000;
    format!(
        "INSERT INTO audit_events (id, at_ms, event, actor_kind, actor_id, actor_name, subject_kind, \
         subject_id, subject_name, user_id, user_email, application, address, user_agent, rule, reason, \
         request_id, changes, details, count, counted_as) {} \
         SELECT {audit_id} + 1 + i, {newest_ms} - ({count} - i) * {REACHES} * 1000 / {count}, \
         {EVENTS}, 'user', users.id, users.email, 'session', session, '', users.id, users.email, \
         CASE WHEN i % 3 = 0 THEN '{FIRST}' ELSE 'application-' || CAST(1 + i % 99 AS TEXT) END, \
         client, agent, 'staff', \
         CASE WHEN kind >= 88 THEN 'policy_denied' ELSE '' END, request, '', \
         '{{\"method\":\"provider\",\"provider\":\"corp\"}}', 1, NULL FROM (\
         SELECT i, {} AS kind, {} AS person, {} || {} AS session, {} AS client, {} AS agent, \
         {} || {} AS request FROM n) AS one JOIN users ON users.id = person ORDER BY i",
        numbers(count),
        random("i", 100),
        user_id(&format!("(i * 7919 % {users})")),
        hash("i + 1"),
        hash("i + 2"),
        address("i"),
        user_agent("i"),
        hash("i + 3"),
        hash("i + 4"),
    )
}

/// How often people got into each application, and were refused there, on each of thirty days.
pub fn sign_in_counts(ground: &Ground) -> String {
    let now = ground.now;
    format!(
        "INSERT INTO sign_in_counts (audience, day, admitted, count, last_at) {} \
         SELECT {}, {now} / {DAY} - i / 2 % 30, i % 2, 100 + i % 50, {now} - i / 2 % 30 * {DAY} - 3600 \
         FROM n",
        numbers(APPLICATIONS * 60),
        audience("(i / 60)", &ground.audience),
    )
}

/// The first is disabled.
pub fn service_tokens(ground: &Ground) -> String {
    let now = ground.now;
    format!(
        "INSERT INTO service_tokens (id, name, secret_hash, disabled, created_at, expires_at) {} \
         SELECT 'bench' || CAST(i AS TEXT), 'program ' || CAST(i AS TEXT), 'none', \
         CASE WHEN i = 0 THEN 1 ELSE 0 END, {now}, {now} + 300 * {DAY} FROM n",
        numbers(OF_EACH)
    )
}

pub fn admin_tokens(ground: &Ground) -> String {
    let now = ground.now;
    format!(
        "INSERT INTO admin_tokens (id, name, secret_hash, scopes, created_at, expires_at) {} \
         SELECT 'bench' || CAST(i AS TEXT), 'script ' || CAST(i AS TEXT), 'none', \
         '[\"users:read\"]', {now}, {now} + 300 * {DAY} FROM n",
        numbers(OF_EACH)
    )
}

pub fn access_groups() -> String {
    format!(
        "INSERT INTO access_groups (name, declared, conditions) {} \
         SELECT 'group ' || CAST(i AS TEXT), 0, '{{\"include\":[{{\"email_domain\":\"example.com\"}}]}}' FROM n",
        numbers(OF_EACH)
    )
}
