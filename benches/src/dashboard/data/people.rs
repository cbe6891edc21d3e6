//! Users with their words, identities and sessions.

use super::Ground;
use super::numbers::{
    DAY, address, hash, identity_id, numbers, random, session_id, user_agent, user_id,
};

/// Sessions of the first user.
const OF_ONE_USER: u64 = 1_000;

const FIRST_NAMES: [&str; 32] = [
    "Ana", "Bo", "Chiara", "Dora", "Emil", "Fatima", "Goran", "Hana", "Ivan", "Jun", "Kofi",
    "Lena", "Mei", "Noor", "Olga", "Pavel", "Qiang", "Rosa", "Sven", "Tariq", "Uma", "Vera", "Wen",
    "Ximena", "Yusuf", "Zoe", "Anders", "Beatriz", "Carlos", "Deepa", "Elif", "Femi",
];
const LAST_NAMES: [&str; 32] = [
    "Naka", "Okafor", "Petrov", "Quist", "Rossi", "Silva", "Tanaka", "Umarov", "Vasquez", "Weber",
    "Xu", "Yilmaz", "Zhang", "Adeyemi", "Bauer", "Costa", "Diaz", "Eriksen", "Fischer", "Garcia",
    "Hansen", "Ito", "Jensen", "Kaur", "Larsen", "Moreau", "Novak", "Oliveira", "Park", "Reyes",
    "Smith", "Nakamura",
];

/// The names, for the statements that follow.
pub fn names() -> String {
    let values = |words: [&str; 32]| {
        let rows = words.iter().enumerate();
        let rows: Vec<String> = rows
            .map(|(place, word)| format!("({place}, '{word}')"))
            .collect();
        rows.join(", ")
    };
    format!(
        "CREATE TEMPORARY TABLE bench_first (place BIGINT PRIMARY KEY, word TEXT); \
         CREATE TEMPORARY TABLE bench_last (place BIGINT PRIMARY KEY, word TEXT); \
         INSERT INTO bench_first VALUES {}; INSERT INTO bench_last VALUES {}",
        values(FIRST_NAMES),
        values(LAST_NAMES)
    )
}

/// Joins the names of the user `i`.
fn named() -> String {
    format!(
        "JOIN bench_first AS first ON first.place = {} \
         JOIN bench_last AS last ON last.place = {}",
        random("i", 32),
        random("i * 7 + 3", 32)
    )
}

/// Nearly half of them signed in this month, most of the others within half a year, some never.
pub fn users(count: u64, ground: &Ground) -> String {
    let (numbers, id, named, now) = (numbers(count), user_id("i"), named(), ground.now);
    let age = random("i + 5", 1_000);
    format!(
        "INSERT INTO users (id, email, email_normal, name, password_hash, role, disabled, \
         blocked_until, address_taken, created_at, last_sign_in_at) {numbers} \
         SELECT {id}, address, address, name, NULL, '', CASE WHEN i % 97 = 1 THEN 1 ELSE 0 END, \
         0, 0, {now} - 200 * {DAY}, CASE WHEN i % 20 = 19 THEN NULL ELSE \
         {now} - {age} * {age} * 180 * {DAY} / 1000000 - i % 3600 END FROM (\
         SELECT i, lower(first.word) || '.' || lower(last.word) || CAST(i AS TEXT) || \
         CASE WHEN i % 9 = 8 THEN '@partner.example' ELSE '@example.com' END AS address, \
         first.word || ' ' || last.word AS name FROM n {named}) AS person"
    )
}

/// The words of addresses and names, cut as the control service cuts them.
pub fn words(count: u64) -> String {
    let (numbers, id, named) = (numbers(count), user_id("i"), named());
    format!(
        "INSERT INTO user_words (word, user_id) {numbers} SELECT word, id FROM (\
         SELECT lower(first.word) AS word, {id} AS id FROM n {named} \
         UNION SELECT lower(last.word), {id} FROM n {named} \
         UNION SELECT lower(last.word) || CAST(i AS TEXT), {id} FROM n {named} \
         UNION SELECT 'example', {id} FROM n \
         UNION SELECT CASE WHEN i % 9 = 8 THEN 'partner' ELSE 'com' END, {id} FROM n) AS words \
         ORDER BY word, id"
    )
}

/// One for each user.
pub fn identities(count: u64, ground: &Ground) -> String {
    let (numbers, id, user, now) = (numbers(count), identity_id("i"), user_id("i"), ground.now);
    format!(
        "INSERT INTO identities (id, user_id, provider_id, subject, email, email_normal, \
         email_believed, groups, claims, created_at, last_seen_at) {numbers} \
         SELECT {id}, {user}, CASE WHEN i % 9 = 8 THEN 'partner' ELSE 'corp' END, {}, users.email, \
         users.email, 1, '[\"staff\",\"team-' || CAST(i % 40 AS TEXT) || '\"]', \
         '{{\"department\":\"d' || CAST(i % 12 AS TEXT) || '\"}}', users.created_at, \
         COALESCE(last_sign_in_at, {now} - 200 * {DAY}) FROM n JOIN users ON users.id = {user}",
        hash("i + 97")
    )
}

/// Live ones that began within a month. The first user has many, the others two or three.
pub fn sessions(count: u64, users: u64, ground: &Ground) -> String {
    let (numbers, id, now) = (numbers(count), session_id("i"), ground.now);
    let begun = format!("{now} - {} * 600 - i % 600", random("i + 11", 4_200));
    format!(
        "INSERT INTO sessions (id, user_id, auth_time, auth_ver, expires_at, created_at, \
         last_used_at, browser, user_agent, address, form_hash, identity_id, provider_sid, amr, \
         groups, claims, checked_at) {numbers} \
         SELECT {id}, {user}, begun, 1, begun + 30 * {DAY} + 3600, begun, begun + ({now} - begun) / 2, \
         CASE WHEN i % 3 = 0 THEN 'Firefox on Linux' ELSE 'Chrome on Windows' END, {agent}, {address}, \
         '', {identity}, {provider_sid}, '[\"pwd\",\"mfa\"]', \
         '[\"staff\",\"team-' || CAST(i % 40 AS TEXT) || '\"]', '{{}}', 0 \
         FROM (SELECT i, {begun} AS begun, \
         CASE WHEN i < {OF_ONE_USER} THEN 0 ELSE i % {users} END AS person FROM n) AS one",
        user = user_id("person"),
        identity = identity_id("person"),
        agent = user_agent("i"),
        address = address("i"),
        provider_sid = hash("i + 101"),
    )
}
