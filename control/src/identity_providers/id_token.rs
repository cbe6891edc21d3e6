//! The checks of an ID token (OpenID Connect Core 1.0, section 3.1.3.7), after its signature.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use jsonwebtoken::Algorithm;
use portcullis::protocol::base64url;
use portcullis::time::UnixSeconds;
use serde_json::{Map, Value};

use super::error::{IdTokenFault, ProviderError};
use super::jose::signed::Signed;
use crate::CLOCK_LEEWAY;
use crate::tokens::secret::Plain;

/// How far `iat` may be from this machine's clock.
const ISSUED_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How much earlier than the demand a fresh sign-in may seem, because clocks differ. As short as
/// machines with NTP allow: within it an earlier sign-in would count as fresh.
const FRESH_LEEWAY: Duration = Duration::from_secs(10);
const MAX_SUBJECT_BYTES: usize = 255;

/// What an ID token must fit.
pub struct Checks<'a> {
    /// The configured issuer.
    pub issuer: &'a str,
    /// This client.
    pub client_id: &'a str,
    /// Now.
    pub now: UnixSeconds,
    /// The nonce of the request; `None` after a refresh.
    pub nonce: Option<&'a str>,
    /// The access token that came with it.
    pub access_token: Option<&'a Plain>,
    /// Since when the person must have signed in at the provider.
    pub fresh_since: Option<UnixSeconds>,
}

/// The claims of an ID token that passed all checks. Only [`verify`] makes one.
#[derive(Debug)]
pub struct IdToken {
    subject: String,
    claims: Map<String, Value>,
}

impl IdToken {
    /// `sub`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its claims.
    #[must_use]
    pub fn into_claims(self) -> Map<String, Value> {
        self.claims
    }
}

/// Checks everything but the signature.
///
/// # Errors
/// What is wrong.
pub fn verify(signed: Signed, checks: &Checks<'_>) -> Result<IdToken, ProviderError> {
    // RFC 8725, section 3.11: a logout token or an access token is no ID token.
    if signed.typ.as_deref().is_some_and(|typ| typ != "jwt") {
        return Err(IdTokenFault::Type.into());
    }
    let claims = &signed.claims;
    for_client(claims, checks.issuer, checks.client_id)?;
    times(claims, checks.now)?;
    let subject = subject(claims)?;
    if let Some(nonce) = checks.nonce
        && required(claims, "nonce", Value::as_str)? != nonce
    {
        return Err(wrong("nonce").into());
    }
    at_hash(claims, checks.access_token, signed.algorithm)?;
    fresh(claims, checks.fresh_since)?;
    Ok(IdToken {
        subject: subject.to_owned(),
        claims: signed.claims,
    })
}

/// Checks that a signed token is of this issuer and for this client.
///
/// # Errors
/// What is wrong.
pub fn for_client(
    claims: &Map<String, Value>,
    issuer: &str,
    client_id: &str,
) -> Result<(), IdTokenFault> {
    let audiences = for_audience(claims, issuer, client_id)?;
    match claims.get("azp") {
        Some(azp) if azp.as_str() != Some(client_id) => Err(wrong("azp")),
        None if audiences > 1 => Err(missing("azp")),
        _ => Ok(()),
    }
}

/// Checks that a signed token is of this issuer and for this audience. Returns how many audiences it
/// has.
///
/// # Errors
/// What is wrong.
pub fn for_audience(
    claims: &Map<String, Value>,
    issuer: &str,
    audience: &str,
) -> Result<usize, IdTokenFault> {
    if required(claims, "iss", Value::as_str)? != issuer {
        return Err(wrong("iss"));
    }
    let audiences = match claims.get("aud") {
        None => return Err(missing("aud")),
        Some(Value::String(only)) => vec![only.as_str()],
        Some(Value::Array(list)) => {
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            texts.ok_or(wrong("aud"))?
        }
        Some(_) => return Err(wrong("aud")),
    };
    if !audiences.contains(&audience) {
        return Err(wrong("aud"));
    }
    Ok(audiences.len())
}

/// `sub` of verified claims.
///
/// # Errors
/// When it is missing, empty or too long.
pub fn subject(claims: &Map<String, Value>) -> Result<&str, IdTokenFault> {
    let subject = required(claims, "sub", Value::as_str)?;
    let valid = (1..=MAX_SUBJECT_BYTES).contains(&subject.len());
    valid.then_some(subject).ok_or(wrong("sub"))
}

/// `iat` of verified claims that are not required to have `exp`, and have not expired.
///
/// # Errors
/// When `iat` is missing, one of them is no time, or it has expired.
pub fn issued(claims: &Map<String, Value>, now: UnixSeconds) -> Result<UnixSeconds, IdTokenFault> {
    if claims.contains_key("exp") {
        not_expired(claims, now)?;
    }
    required(claims, "iat", seconds)
}

fn not_expired(claims: &Map<String, Value>, now: UnixSeconds) -> Result<(), IdTokenFault> {
    let end = required(claims, "exp", seconds)?;
    match end + CLOCK_LEEWAY <= now {
        true => Err(IdTokenFault::Expired),
        false => Ok(()),
    }
}

fn times(claims: &Map<String, Value>, now: UnixSeconds) -> Result<(), IdTokenFault> {
    not_expired(claims, now)?;
    let issued = required(claims, "iat", seconds)?;
    if issued > now + ISSUED_WITHIN || issued + ISSUED_WITHIN < now {
        return Err(IdTokenFault::IssuedAt);
    }
    match claims.get("nbf").map(seconds) {
        Some(None) => Err(wrong("nbf")),
        Some(Some(from)) if from > now + CLOCK_LEEWAY => Err(IdTokenFault::NotYet),
        _ => Ok(()),
    }
}

/// Section 3.1.3.6: the left half of the hash of the access token.
fn at_hash(
    claims: &Map<String, Value>,
    access_token: Option<&Plain>,
    algorithm: Algorithm,
) -> Result<(), IdTokenFault> {
    let Some(told) = claims.get("at_hash") else {
        return Ok(());
    };
    let token = access_token.ok_or(wrong("at_hash"))?;
    // Ed25519 hashes with SHA-512; the other accepted algorithms with SHA-256.
    let by = if algorithm == Algorithm::EdDSA {
        &SHA512
    } else {
        &SHA256
    };
    let hash = digest(by, token.reveal().as_bytes());
    let half = hash.as_ref().get(..hash.as_ref().len() / 2);
    let expected = half.map(base64url::encode);
    if expected.as_deref() == told.as_str() {
        Ok(())
    } else {
        Err(wrong("at_hash"))
    }
}

fn fresh(claims: &Map<String, Value>, since: Option<UnixSeconds>) -> Result<(), ProviderError> {
    let Some(since) = since else {
        return Ok(());
    };
    match claims.get("auth_time").and_then(seconds) {
        None => Err(ProviderError::NotFresh { missing: true }),
        Some(at) if at + FRESH_LEEWAY < since => Err(ProviderError::NotFresh { missing: false }),
        Some(_) => Ok(()),
    }
}

/// A claim that must be there.
fn required<'a, T>(
    claims: &'a Map<String, Value>,
    claim: &'static str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<T, IdTokenFault> {
    let value = claims.get(claim).ok_or(missing(claim))?;
    read(value).ok_or(wrong(claim))
}

/// A NumericDate (RFC 7519, section 2), of which a fraction of a second is cut off.
pub fn seconds(value: &Value) -> Option<UnixSeconds> {
    let whole = value.as_u64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive and below 2^53"
    )]
    let fraction = || {
        let number = value.as_f64()?;
        (0.0..9e15).contains(&number).then_some(number as u64)
    };
    whole.or_else(fraction).map(UnixSeconds::new)
}

fn missing(claim: &'static str) -> IdTokenFault {
    IdTokenFault::Claim {
        claim,
        missing: true,
    }
}

fn wrong(claim: &'static str) -> IdTokenFault {
    IdTokenFault::Claim {
        claim,
        missing: false,
    }
}
