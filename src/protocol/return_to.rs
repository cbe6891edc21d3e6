//! Where a user returns to after signing in: a path and query on the same origin, or `/`.
//!
//! Both sides check it, because either may receive it from an attacker.

use super::login::FILTER_PREFIX;

/// The longest `return_to`, in bytes.
pub const MAX_BYTES: usize = 2048;

/// The path and query if it is safe to return to, else `/`.
///
/// Safe: one leading `/`, no `\`, bytes 0x21 to 0x7E, at most [`MAX_BYTES`], not the filter's own.
#[must_use]
pub fn sanitize(return_to: &str) -> &str {
    checked(return_to).unwrap_or("/")
}

/// The path and query if it is safe to return to.
#[must_use]
pub fn checked(return_to: &str) -> Option<&str> {
    is_safe(return_to.as_bytes()).then_some(return_to)
}

fn is_safe(bytes: &[u8]) -> bool {
    bytes.len() <= MAX_BYTES
        && bytes.first() == Some(&b'/')
        && bytes.get(1) != Some(&b'/')
        && bytes
            .iter()
            .all(|b| (0x21..=0x7e).contains(b) && *b != b'\\')
        && !bytes.starts_with(FILTER_PREFIX.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_origin_is_kept() {
        for good in ["/", "/a/b?c=d&e=%2F", "/?x=//evil.example", "/.accessible"] {
            assert_eq!(sanitize(good), good);
        }
        let long = format!("/{}", "a".repeat(MAX_BYTES));
        for bad in [
            "",
            "a",
            "//evil.example/x",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "/a b",
            "/a\r\nset-cookie: x",
            "/caf\u{e9}",
            "/a\0",
            "/.access/logout",
            "/.access/",
            "/\t/evil.example",
            &long,
        ] {
            assert_eq!(sanitize(bad), "/", "{bad:?}");
        }
    }
}
