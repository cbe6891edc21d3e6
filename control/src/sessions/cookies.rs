//! Cookies of the team domain.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// Holds the token of the global session.
pub const SESSION: &str = "__Host-access_session";
/// Holds the secret that guards the browser's forms.
pub const SIGN_IN: &str = "__Host-access_signin";
/// With an attempt's id at the end: holds one sign-in with a provider that has begun.
pub const PROVIDER_SIGN_IN: &str = "__Host-access_signin_";
/// Shows that users signed in in this browser before.
pub const KNOWN_BROWSER: &str = "__Host-access_known";

/// Holds the theme of the dashboard, `light` or `dark`, if one was chosen.
pub const THEME: &str = "__Host-access_theme";

/// How many bytes of values with one name are read. A browser sends one value, but another host of
/// its site may have planted others before it, so a count would let false cookies hide the good
/// one.
const MAX_BYTES: usize = 64 * 1024;

/// The values of the cookie `name`, in the order of the request, up to [`MAX_BYTES`].
///
/// Only spaces and tabs are trimmed from names. A parser that trims other spaces would mistake a
/// name for a `__Host-` name that the browser did not protect.
pub fn values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    pairs(headers)
        .filter(|(found, _)| *found == name.as_bytes())
        .map(|(_, value)| value)
        .scan(MAX_BYTES, |room, value| {
            *room = room.checked_sub(value.len())?;
            Some(value)
        })
}

/// The values of cookies whose names begin with `prefix`, each with the rest of its name, up to
/// [`MAX_BYTES`].
pub fn with_prefix<'a>(
    headers: &'a HeaderMap,
    prefix: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    pairs(headers)
        .filter_map(move |(name, value)| {
            let rest = name.strip_prefix(prefix.as_bytes())?;
            Some((std::str::from_utf8(rest).ok()?, value))
        })
        .scan(MAX_BYTES, |room, (rest, value)| {
            *room = room.checked_sub(value.len())?;
            Some((rest, value))
        })
}

/// All names and values, in the order of the request. Values that are no text are left out.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = pair.split_at_checked(at)?;
            let value = std::str::from_utf8(trim(value.strip_prefix(b"=")?)).ok()?;
            Some((trim(name), value))
        })
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A `set-cookie` that keeps a value for `max_age`; a `max_age` of zero deletes the
/// cookie.
pub fn set(name: &str, value: &str, max_age: Duration) -> Option<HeaderValue> {
    let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(seconds));
    HeaderValue::from_str(&cookie.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]], name: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        values(&headers, name).map(ToOwned::to_owned).collect()
    }

    #[test]
    fn values_are_found_in_every_line() {
        let lines: [&[u8]; 2] = [b"a=1; __Host-x=2;b=3", b"\t__Host-x = a=b "];
        assert_eq!(read(&lines, "__Host-x"), ["2", "a=b"]);
    }

    #[test]
    fn values_are_read_up_to_a_number_of_bytes() {
        let long = format!("__Host-x={}", "x".repeat(MAX_BYTES / 4));
        let lines = vec![long.as_bytes(); 6];
        assert_eq!(read(&lines, "__Host-x").len(), 4);
        let many = "__Host-x=1; ".repeat(50);
        assert_eq!(read(&[many.as_bytes()], "__Host-x").len(), 50);
    }

    #[test]
    fn a_name_with_other_spaces_is_another_name() {
        let lines: [&[u8]; 2] = [
            "\u{a0}__Host-x=1".as_bytes(),
            "\u{2003}__Host-x=1".as_bytes(),
        ];
        assert!(read(&lines, "__Host-x").is_empty());
    }

    #[test]
    fn cookies_have_the_safe_attributes() {
        let value = set(SESSION, "t", Duration::from_secs(60)).unwrap();
        let text = value.to_str().unwrap();
        for part in [
            "__Host-access_session=t",
            "HttpOnly",
            "SameSite=Lax",
            "Secure",
            "Path=/",
            "Max-Age=60",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("Domain"));
    }
}
