//! Applications and what sessions were used for.

use super::Ground;
use super::numbers::{APPLICATIONS, DAY, audience, numbers, random, session_id};

/// The application from which the others are made; its hostname begins so.
pub const FIRST: &str = "bench-wiki";

/// Copies of the first one.
pub fn applications(ground: &Ground) -> String {
    format!(
        "INSERT INTO applications (audience, name, declared, gone, definition) {} \
         SELECT {}, replace(name, '{FIRST}', {name}), declared, gone, \
         replace(definition, '{FIRST}', {name}) FROM n CROSS JOIN applications \
         WHERE i > 0 AND applications.audience = '{first}'",
        numbers(APPLICATIONS),
        audience("i", &ground.audience),
        name = name(),
        first = ground.audience,
    )
}

/// Where they are.
pub fn places(ground: &Ground) -> String {
    format!(
        "INSERT INTO application_places (hostname, path_prefix, port, audience) {} \
         SELECT replace(hostname, '{FIRST}', {name}), path_prefix, port, {} \
         FROM n CROSS JOIN application_places AS first \
         WHERE i > 0 AND first.audience = '{first}'",
        numbers(APPLICATIONS),
        audience("i", &ground.audience),
        name = name(),
        first = ground.audience,
    )
}

fn name() -> &'static str {
    "('application-' || CAST(i AS TEXT))"
}

/// Each session was used for the first application and for up to two others, half of them today.
pub fn sessions(count: u64, ground: &Ground) -> String {
    let others = APPLICATIONS - 1;
    let used = |number: &str, condition: &str, place: &str| {
        format!(
            "SELECT {} AS session_id, {} AS audience, {} AS age FROM n WHERE {condition}",
            session_id("i"),
            audience(number, &ground.audience),
            random(&format!("i + {place}"), 2_880),
        )
    };
    format!(
        "INSERT INTO session_applications (session_id, audience, last_token_at, token_until) {} \
         SELECT session_id, audience, {now} - age * 60, {now} - age * 60 + {DAY} FROM (\
         {} UNION ALL {} UNION ALL {}) AS used",
        numbers(count),
        used("(i * 0)", "1 = 1", "13"),
        used(&format!("(1 + i % {others})"), "i % 2 = 0", "17"),
        used(&format!("(1 + (i + 33) % {others})"), "i % 4 = 0", "19"),
        now = ground.now,
    )
}
