//! Keeps other sites from submitting our forms.
//!
//! The browser holds a random secret in a `__Host-` cookie; the form carries an HMAC under it.
//! Another site can neither read the cookie nor set it.
//!
//! If the browser itself says that a form comes from our own page (Fetch Metadata), that suffices:
//! several tabs that open at once each get a secret, and the browser keeps only the last.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use portcullis::protocol::base64url;

use super::failure::Failure;
use crate::sessions::cookies;
use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::{Hashed, Plain, same};

/// A form may lie open overnight.
const LIFE: Duration = Duration::from_secs(24 * 3600);
const LABEL: &[u8] = b"portcullis form";
const SECRET_CHARACTERS: usize = 43;

/// One browser's secret.
#[derive(Clone)]
pub struct FormGuard {
    secret: String,
}

impl FormGuard {
    /// The browser's secret, or a new one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn of(headers: &HeaderMap, random: &dyn Randomness) -> Result<Self, NoRandomness> {
        match Self::shown(headers).next() {
            Some(guard) => Ok(guard),
            None => Ok(Self {
                secret: random.secret()?,
            }),
        }
    }

    /// The value of the form's field `csrf_token`.
    pub fn token(&self) -> String {
        base64url::encode(&hmac_sha256::HMAC::mac(LABEL, self.secret.as_bytes()))
    }

    /// A hash of the browser's secret, the same for all forms that it shows at one time.
    pub fn hashed(headers: &HeaderMap) -> Option<Hashed> {
        let guard = Self::shown(headers).next()?;
        Some(Plain::new(guard.secret).hashed())
    }

    /// The `set-cookie` that keeps the secret for another day.
    pub fn cookie(&self) -> Option<HeaderValue> {
        cookies::set(cookies::SIGN_IN, &self.secret, LIFE)
    }

    fn shown(headers: &HeaderMap) -> impl Iterator<Item = Self> {
        cookies::values(headers, cookies::SIGN_IN)
            .filter(|value| value.len() == SECRET_CHARACTERS)
            .map(|value| Self {
                secret: value.to_owned(),
            })
    }
}

/// Whether a form with `token` comes from our own page in this browser.
///
/// # Errors
/// When it does not.
pub fn check(headers: &HeaderMap, token: &str, team_domain: &str) -> Result<(), Failure> {
    let text = |name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value.map(|value| value.to_str().unwrap_or("?"))
    };
    let own_token = || FormGuard::shown(headers).any(|guard| same(&guard.token(), token));
    let own_form = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == team_domain && own_token(),
        // The browser supports neither header.
        (None, None) => own_token(),
    };
    if own_form {
        Ok(())
    } else {
        Err(Failure::ForeignForm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEAM: &str = "https://team.example.com";

    fn guard() -> FormGuard {
        FormGuard {
            secret: "s".repeat(SECRET_CHARACTERS),
        }
    }

    fn checked(extra: &[(&'static str, &str)], token: &str) -> bool {
        let mut headers = HeaderMap::new();
        let cookie = format!("{}={}", cookies::SIGN_IN, guard().secret);
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        for (name, value) in extra {
            headers.insert(*name, value.parse().unwrap());
        }
        check(&headers, token, TEAM).is_ok()
    }

    #[test]
    fn the_form_of_this_browser_is_taken() {
        let token = guard().token();
        assert!(checked(&[], &token));
        assert!(checked(&[("origin", TEAM)], &token));
        assert!(checked(
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &token
        ));
    }

    #[test]
    fn the_form_of_another_tab_is_taken() {
        let of_another_tab = "t".repeat(SECRET_CHARACTERS);
        assert!(checked(
            &[("sec-fetch-site", "same-origin"), ("origin", TEAM)],
            &of_another_tab
        ));
        assert!(!checked(&[("origin", TEAM)], &of_another_tab));
    }

    #[test]
    fn all_others_are_not() {
        let token = guard().token();
        assert!(!checked(&[], ""));
        assert!(!checked(&[], &guard().secret));
        assert!(!checked(&[("origin", "https://evil.example")], &token));
        assert!(!checked(&[("origin", "null")], &token));
        assert!(!checked(
            &[("sec-fetch-site", "same-site"), ("origin", TEAM)],
            &token
        ));
        assert!(check(&HeaderMap::new(), &token, TEAM).is_err());
    }
}
