//! Words for people.

use std::time::{Duration, UNIX_EPOCH};

use portcullis::time::UnixSeconds;

/// A number of things: "1 session", "2 sessions".
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{count} {noun}")
}

/// A span in whole seconds: "1 second", "2 seconds".
#[must_use]
pub fn seconds(count: u64) -> String {
    counted(count, "second", "seconds")
}

/// A time (RFC 3339).
#[must_use]
pub fn time(at: UnixSeconds) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(at.get());
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_singular() {
        let words = [0, 1, 2].map(|count| counted(count, "proxy", "proxies"));
        assert_eq!(words, ["0 proxies", "1 proxy", "2 proxies"]);
        assert_eq!([seconds(1), seconds(60)], ["1 second", "60 seconds"]);
    }
}
