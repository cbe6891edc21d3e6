//! A sign-in with a provider that has begun in this browser and not come back yet.
//!
//! The browser keeps a random secret in a cookie of its own for each attempt, sealed, so that nobody
//! can make one. `state`, `nonce` and the PKCE verifier follow from that secret. `state` ends with
//! where the user is going, sealed: it is part of what the secret authenticates, and brings users to
//! their place even if they come back without the cookie.
//!
//! The cookie has `SameSite=Lax`, as all others of the team domain. A provider that answers with a
//! form (`response_mode=form_post`) makes a cross-site POST, with which browsers send no such cookie:
//! the callback answers it with a redirect to itself, and the GET that follows has the cookie.

mod purpose;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use hmac_sha256::HMAC;
use portcullis::protocol::base64url;
use portcullis::protocol::login::{ATTEMPT_LIFETIME, challenge};
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::super::super::page::failure::Failure;
use super::super::query::LoginQuery;
use crate::seal::{Purpose, Sealed};
use crate::service::Service;
use crate::sessions::cookies;
use crate::tokens::secret::{Plain, same};
use purpose::{place_of, sealed, trial_of};

/// So many attempts one browser keeps; another one takes the place of the oldest.
const MOST: usize = 8;
const ID_BYTES: usize = 4;
const ID_CHARACTERS: usize = 8;
/// Enough for `state` with the longest place, sealed: 8 KB of `return_to`, which JSON may double.
const MAX_STATE_BYTES: usize = 24 * 1024;

/// An attempt.
pub struct Pending {
    id: String,
    contents: Contents,
    /// Where the user is going, sealed.
    place: String,
}

/// What the cookie holds.
#[derive(Serialize, Deserialize)]
struct Contents {
    /// 256 random bits in base64url.
    secret: String,
    provider: String,
    begun: UnixSeconds,
    /// The feed's version then.
    version: u64,
    /// Whether the user must prove who they are once more.
    fresh: bool,
    /// Whether it runs in a window that stays connected to an application's frame.
    connected: bool,
    /// The global session of the administrator who tries the provider, if this is such a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trial_of: Option<String>,
}

/// How an attempt begins.
pub struct Beginning<'a> {
    /// The provider.
    pub provider: &'a str,
    /// Where the user is going.
    pub query: &'a LoginQuery,
    /// Whether they must prove who they are once more.
    pub fresh: bool,
    /// Whether the window stays connected to the frame that opened it.
    pub connected: bool,
    /// The global session of the administrator who tries the provider, if this is such a trial.
    pub trial_of: Option<&'a str>,
}

/// What a `state` says.
pub enum Found {
    /// The attempt of this browser, and where the user is going.
    Attempt(Box<Pending>, LoginQuery),
    /// None of this browser's. Where the user was going, if this service wrote that.
    Lost(Option<LoginQuery>),
}

impl Pending {
    /// A new attempt.
    pub async fn begin(service: &Service, beginning: &Beginning<'_>) -> Result<Self, Failure> {
        // So that the attempts of another control service, with a newer seal key, count in `cookies`.
        service.keys().await?;
        let id = service.random.hex::<ID_BYTES>()?;
        let place = serde_json::to_vec(beginning.query)
            .map_err(|_| Failure::Broken("a sign-in could not be written down"))?;
        Ok(Self {
            place: sealed(&service.seal, &place_of(&id), &place)?
                .as_str()
                .to_owned(),
            contents: Contents {
                secret: service.random.secret()?,
                provider: beginning.provider.to_owned(),
                begun: service.now(),
                version: service.storage.newest_version().await?,
                fresh: beginning.fresh,
                connected: beginning.connected,
                trial_of: beginning.trial_of.map(ToOwned::to_owned),
            },
            id,
        })
    }

    /// The attempt of a `state` that came back to the callback of `provider`.
    pub fn of_state(service: &Service, headers: &HeaderMap, provider: &str, state: &str) -> Found {
        let Some((id, place)) = parts(state) else {
            return Found::Lost(None);
        };
        let sealed = Sealed::stored(place.to_owned());
        let purpose = place_of(id);
        let purpose = Purpose::SignInAttempt { attempt: &purpose };
        let query = service
            .seal
            .open_unverified(purpose, &sealed)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(query) = query else {
            return Found::Lost(None);
        };
        let pending = attempts(service, headers)
            .find(|(found, _)| *found == id)
            .map(|(_, contents)| Self {
                id: id.to_owned(),
                contents,
                place: place.to_owned(),
            })
            .filter(|pending| pending.contents.provider == provider)
            .filter(|pending| same(&pending.state(), state))
            .filter(|pending| !pending.is_over(service.now()));
        match pending {
            Some(pending) => Found::Attempt(Box::new(pending), query),
            None => Found::Lost(Some(query)),
        }
    }

    /// Its id: eight hex digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it began.
    pub fn begun(&self) -> UnixSeconds {
        self.contents.begun
    }

    /// The feed's version when it began.
    pub fn version(&self) -> u64 {
        self.contents.version
    }

    /// Whether the user must prove who they are once more.
    pub fn is_fresh(&self) -> bool {
        self.contents.fresh
    }

    /// Whether the window stays connected to the frame that opened it.
    pub fn is_connected(&self) -> bool {
        self.contents.connected
    }

    /// The global session of the administrator who tries the provider, if this is such a trial.
    pub fn trial_of(&self) -> Option<&str> {
        self.contents.trial_of.as_deref()
    }

    /// `state` (RFC 6749, section 10.12).
    pub fn state(&self) -> String {
        let authenticated = format!("state {}", self.place);
        format!(
            "{}.{}.{}",
            self.id,
            self.derived(&authenticated),
            self.place
        )
    }

    /// `nonce` (OpenID Connect Core 1.0, section 3.1.2.1).
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// The PKCE verifier (RFC 7636).
    pub fn verifier(&self) -> Plain {
        Plain::new(self.derived("verifier"))
    }

    /// The PKCE challenge of the verifier.
    pub fn challenge(&self) -> String {
        challenge(self.verifier().reveal())
    }

    /// The `set-cookie` lines that keep it, and that forget the oldest ones where there are too many.
    pub fn cookies(
        &self,
        service: &Service,
        headers: &HeaderMap,
    ) -> Result<Vec<HeaderValue>, Failure> {
        let contents = serde_json::to_vec(&self.contents)
            .map_err(|_| Failure::Broken("a sign-in could not be written down"))?;
        let purpose = match self.trial_of() {
            Some(_) => trial_of(&self.id),
            None => self.id.clone(),
        };
        let value = sealed(&service.seal, &purpose, &contents)?;
        let kept = cookies::set(&name(&self.id), value.as_str(), ATTEMPT_LIFETIME);
        let mut lines: Vec<HeaderValue> = kept.into_iter().collect();
        lines.extend(
            superfluous(service, headers)
                .iter()
                .filter_map(|id| forget(id)),
        );
        Ok(lines)
    }

    /// The `set-cookie` that forgets it.
    pub fn forget(&self) -> Option<HeaderValue> {
        forget(&self.id)
    }

    fn is_over(&self, now: UnixSeconds) -> bool {
        now.duration_since(self.contents.begun) >= ATTEMPT_LIFETIME
    }

    fn derived(&self, of: &str) -> String {
        let secret = self.contents.secret.as_bytes();
        base64url::encode(&HMAC::mac(of.as_bytes(), secret))
    }
}

/// Whether the browser keeps as many attempts as it may: another one would be lost.
pub fn is_full(headers: &HeaderMap) -> bool {
    ids(headers).take(MOST).count() == MOST
}

/// The attempts that make room for one more: what is none, and then the oldest.
fn superfluous(service: &Service, headers: &HeaderMap) -> Vec<String> {
    let mut good: Vec<(UnixSeconds, String)> = attempts(service, headers)
        .map(|(id, contents)| (contents.begun, id.to_owned()))
        .collect();
    good.sort_unstable();
    let kept = good.split_off(good.len().saturating_sub(MOST - 1));
    let is_kept = |id: &str| kept.iter().any(|(_, kept)| kept == id);
    ids(headers)
        .filter(|id| !is_kept(id))
        .map(str::to_owned)
        .collect()
}

fn ids(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    cookies::with_prefix(headers, cookies::PROVIDER_SIGN_IN)
        .map(|(id, _)| id)
        .filter(|id| is_id(id))
}

fn attempts<'a>(
    service: &'a Service,
    headers: &'a HeaderMap,
) -> impl Iterator<Item = (&'a str, Contents)> {
    cookies::with_prefix(headers, cookies::PROVIDER_SIGN_IN)
        .filter(|(id, _)| is_id(id))
        .filter_map(|(id, value)| {
            let sealed = Sealed::stored(value.to_owned());
            let opened = |attempt: &str| -> Option<Contents> {
                let purpose = Purpose::SignInAttempt { attempt };
                let bytes = service.seal.open_unverified(purpose, &sealed)?;
                serde_json::from_slice(&bytes).ok()
            };
            let attempt = opened(id).filter(|contents| contents.trial_of.is_none());
            let trial = || opened(&trial_of(id)).filter(|contents| contents.trial_of.is_some());
            Some((id, attempt.or_else(trial)?))
        })
}

/// The id in a `state`, and the sealed place.
fn parts(state: &str) -> Option<(&str, &str)> {
    let (id, rest) = state.split_once('.')?;
    let (_, place) = rest.split_once('.')?;
    (is_id(id) && state.len() <= MAX_STATE_BYTES).then_some((id, place))
}

fn is_id(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == ID_CHARACTERS && text.bytes().all(is_digit)
}

fn name(id: &str) -> String {
    format!("{}{id}", cookies::PROVIDER_SIGN_IN)
}

fn forget(id: &str) -> Option<HeaderValue> {
    cookies::set(&name(id), "", Duration::ZERO)
}
