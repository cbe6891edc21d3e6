//! `set-cookie` values (RFC 6265bis). All cookies of the filter are set and cleared here.

use std::time::Duration;

use cookie::{Cookie, CookieBuilder, SameSite};

use crate::protocol::calls::{self, CookieSettings};

/// The cookie of the application token.
#[must_use]
pub fn token(name: &str, value: &str, settings: CookieSettings, max_age: Duration) -> String {
    with_settings(name, value, settings, max_age)
        .http_only(settings.http_only)
        .to_string()
}

/// The binding cookie: like the token's, but never readable by scripts.
#[must_use]
pub fn binding(name: &str, value: &str, settings: CookieSettings, max_age: Duration) -> String {
    with_settings(name, value, settings, max_age)
        .http_only(true)
        .to_string()
}

/// A cookie that the login needs.
#[must_use]
pub fn login(name: &str, value: &str, max_age: Duration) -> String {
    base(name, value, max_age)
        .http_only(true)
        .same_site(SameSite::Lax)
        .to_string()
}

/// The same, for a login attempt that begins in a frame of another site: the browser keeps it for
/// frames on that site alone.
#[must_use]
pub fn login_in_frame(name: &str, value: &str, max_age: Duration) -> String {
    base(name, value, max_age)
        .http_only(true)
        .same_site(SameSite::None)
        .partitioned(true)
        .to_string()
}

/// Removes a cookie that the login needs.
#[must_use]
pub fn clear_login(name: &str) -> String {
    login(name, "", Duration::ZERO)
}

/// Removes a token or binding cookie.
#[must_use]
pub fn clear(name: &str, settings: CookieSettings) -> String {
    binding(name, "", settings, Duration::ZERO)
}

fn with_settings<'a>(
    name: &'a str,
    value: &'a str,
    settings: CookieSettings,
    max_age: Duration,
) -> CookieBuilder<'a> {
    let same_site = match settings.same_site {
        calls::SameSite::None => SameSite::None,
        calls::SameSite::Lax => SameSite::Lax,
        calls::SameSite::Strict => SameSite::Strict,
    };
    base(name, value, max_age)
        .same_site(same_site)
        .partitioned(settings.partitioned)
}

fn base<'a>(name: &'a str, value: &'a str, max_age: Duration) -> CookieBuilder<'a> {
    let max_age = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .max_age(cookie::time::Duration::seconds(max_age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_follow_the_settings() {
        let settings = CookieSettings {
            http_only: false,
            same_site: calls::SameSite::None,
            partitioned: true,
        };
        assert_eq!(
            token("__Host-t", "v", settings, Duration::from_secs(60)),
            "__Host-t=v; SameSite=None; Partitioned; Secure; Path=/; Max-Age=60"
        );
        assert_eq!(
            binding("__Host-b", "v", settings, Duration::from_secs(60)),
            "__Host-b=v; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=60"
        );
        assert_eq!(
            login("__Host-l", "v", Duration::from_secs(600)),
            "__Host-l=v; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
        );
        assert!(clear("__Host-t", settings).contains("Max-Age=0"));
    }
}
