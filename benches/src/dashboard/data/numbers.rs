//! Values that follow from the number of a row, as SQL: spread like random ones, and the same in each run.

/// Seconds of a day.
pub const DAY: u64 = 86_400;
/// Applications, all of whose ids follow from their numbers but the first one's.
pub const APPLICATIONS: u64 = 100;

/// The numbers from 0 on, as `n (i)`.
pub fn numbers(count: u64) -> String {
    format!(
        "WITH RECURSIVE n (i) AS (SELECT CAST(0 AS BIGINT) UNION ALL \
         SELECT i + 1 FROM n WHERE i + 1 < {count})"
    )
}

/// Eleven digits, which differ for each number below 2³² and follow no order.
pub fn hash(number: &str) -> String {
    format!("CAST(10000000000 + (({number}) * 2654435761) % 4294967296 AS TEXT)")
}

/// A number below another one, which is at most 65,536.
pub fn random(number: &str, below: u64) -> String {
    format!("((({number}) * 2654435761) % 4294967296 / 65536 % {below})")
}

/// The id of a user.
pub fn user_id(number: &str) -> String {
    format!("{} || {}", hash(number), hash(&format!("{number} + 31")))
}

/// The id of a user's identity.
pub fn identity_id(number: &str) -> String {
    format!("{} || {}", hash(&format!("{number} + 57")), hash(number))
}

/// The id of a session.
pub fn session_id(number: &str) -> String {
    let far = format!("{number} + 3000000");
    format!("{} || {}", hash(&far), hash(number))
}

/// The audience of an application.
pub fn audience(number: &str, first: &str) -> String {
    let hash = hash(number);
    format!(
        "CASE WHEN {number} = 0 THEN '{first}' \
         ELSE {hash} || {hash} || {hash} || {hash} || {hash} || '000000000' END"
    )
}

/// The address of a client.
pub fn address(number: &str) -> String {
    let (high, low) = (random(number, 256), random(&format!("{number} + 7"), 256));
    format!("'198.51.' || CAST({high} AS TEXT) || '.' || CAST({low} AS TEXT)")
}

/// A browser, as it says itself.
pub fn user_agent(number: &str) -> String {
    format!(
        "'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/' || CAST(120 + {number} % 30 AS TEXT) || '.0.0.0 Safari/537.36'"
    )
}
