//! Names of the project's cookies, and how servers may spell the names of headers. Headers that are
//! not forwarded are in the filter's tables.

/// Cookie of the application token. `__Host-` keeps other hosts from setting it (RFC 6265bis).
pub const TOKEN_COOKIE: &str = "__Host-access_token";
/// Cookie of the binding secret.
pub const BINDING_COOKIE: &str = "__Host-access_binding";
/// Prefix of the cookies of login attempts; the attempt's id follows.
pub const ATTEMPT_COOKIE_PREFIX: &str = "__Host-access_login_";
/// Cookie of recent returns from the team domain, to detect loops.
pub const RETURNS_COOKIE: &str = "__Host-access_returns";
/// Header in which scripts and services send a token.
pub const TOKEN_HEADER: &str = "x-access-token";

/// The prefix of the names of all the project's cookies.
pub const OWN_COOKIE_PREFIX: &str = "__Host-access_";

/// Cookies of the project: each alone, or followed by `_` and a suffix.
const OWN_COOKIES: [&str; 6] = [
    TOKEN_COOKIE,
    BINDING_COOKIE,
    "__Host-access_login",
    "__Host-access_session",
    "__Host-access_signin",
    RETURNS_COOKIE,
];

/// Whether a server may read one name as the other. CGI (RFC 3875, section 4.1.18) ignores case and
/// turns `-` into `_`; some servers do so with every byte that is no letter or digit.
pub(crate) fn folds_into(sent: &[u8], known: &str) -> bool {
    sent.len() == known.len()
        && sent.iter().zip(known.bytes()).all(|(sent, known)| {
            sent.eq_ignore_ascii_case(&known) || (known == b'-' && !sent.is_ascii_alphanumeric())
        })
}

/// Whether a cookie name is one of the project's.
#[must_use]
pub fn is_own_cookie(name: &[u8]) -> bool {
    OWN_COOKIES.iter().any(|own| {
        name.strip_prefix(own.as_bytes())
            .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_cookies_with_and_without_suffix() {
        assert!(
            OWN_COOKIES
                .iter()
                .all(|name| name.starts_with(OWN_COOKIE_PREFIX))
        );
        for name in [
            TOKEN_COOKIE,
            "__Host-access_token_0123456789abcdef",
            RETURNS_COOKIE,
            "__Host-access_login_1a2b3c4d",
        ] {
            assert!(is_own_cookie(name.as_bytes()), "{name}");
        }
        for name in [
            "access_token",
            "__Host-access_tokens",
            "__Host-access",
            "__host-access_token",
        ] {
            assert!(!is_own_cookie(name.as_bytes()), "{name}");
        }
    }
}
