//! What claims say about a person, as the provider's configuration reads them.

use serde_json::{Map, Value};

use super::super::error::{IdTokenFault, ProviderError};
use super::super::id_token::seconds;
use super::super::settings::ProviderConfig;
use super::{Authentication, ProvenEmail, ProvenIdentity};
use crate::sign_in::email::Address;
use crate::sign_in::email::characters::visible;
use crate::tokens::secret::Plain;

/// What the configured claims may have together, as JSON.
const MAX_CLAIMS_BYTES: usize = 1024;
const MAX_NAME_BYTES: usize = 256;
/// Of `acr`, `sid` and each of `amr`.
const MAX_TEXT_BYTES: usize = 256;
const MAX_METHODS: usize = 32;
/// Only an ID token can say how and when a person signed in, and in which session at the provider: it
/// is about this sign-in, and UserInfo about the account.
const OF_THE_SIGN_IN: [&str; 4] = ["amr", "acr", "auth_time", "sid"];

/// Whether a claim is missing that the UserInfo endpoint may have.
#[must_use]
pub fn is_incomplete(claims: &Map<String, Value>, settings: &ProviderConfig) -> bool {
    let wants_email = settings.scopes.iter().any(|scope| scope == "email");
    let email = claims.contains_key("email") && (settings.trust_email || has_word(claims));
    let groups = settings.groups_claim.as_ref();
    (wants_email && !email)
        || groups.is_some_and(|path| lookup(claims, path).is_none())
        || settings
            .claims
            .iter()
            .any(|name| lookup(claims, name).is_none())
}

/// Adds what is missing among the claims of the ID token from those of the UserInfo endpoint.
pub fn complete(claims: &mut Map<String, Value>, mut more: Map<String, Value>) {
    for claim in OF_THE_SIGN_IN {
        more.remove(claim);
    }
    // What is said of an address counts for the one beside which it stands, and the ID token goes first.
    let email = claims.get("email");
    if email.is_none() {
        remove_word(claims);
    } else if email != more.get("email") || has_word(claims) {
        remove_word(&mut more);
    }
    for (name, value) in more {
        merge(claims, name, value);
    }
}

/// Reads a person's claims, of which `subject` is verified.
///
/// # Errors
/// When the claims may not be used.
pub fn identity(
    settings: &ProviderConfig,
    subject: String,
    claims: &Map<String, Value>,
    id_token: Option<Plain>,
) -> Result<ProvenIdentity, ProviderError> {
    Ok(ProvenIdentity {
        provider_id: settings.id.clone(),
        subject,
        email: email(settings, claims)?,
        name: name(claims),
        groups: groups(settings, claims)?,
        claims: copied(settings, claims)?,
        authentication: authentication(claims),
        sid: short_text(claims, "sid"),
        refresh_token: None,
        id_token,
    })
}

const VERIFIED: &str = "email_verified";
/// Entra ID: whether the domain's owner was verified.
const EDOV: &str = "xms_edov";

/// Whether anything is said about the address being verified.
fn has_word(claims: &Map<String, Value>) -> bool {
    claims.contains_key(VERIFIED) || claims.contains_key(EDOV)
}

fn remove_word(claims: &mut Map<String, Value>) {
    claims.remove(VERIFIED);
    claims.remove(EDOV);
}

fn email(
    settings: &ProviderConfig,
    claims: &Map<String, Value>,
) -> Result<Option<ProvenEmail>, ProviderError> {
    let Some(text) = claims.get("email").filter(|email| !email.is_null()) else {
        return Ok(None);
    };
    let text = text.as_str().ok_or(IdTokenFault::Claim {
        claim: "email",
        missing: false,
    })?;
    let verified = match claims.get(VERIFIED) {
        Some(told) => is_true(told),
        None => claims
            .get(EDOV)
            .is_some_and(|told| is_true(told) || is_one(told)),
    };
    if !verified && !settings.trust_email {
        return Err(ProviderError::EmailNotVerified);
    }
    let address = Address::parse(text).map_err(ProviderError::EmailInvalid)?;
    Ok(Some(ProvenEmail {
        verified,
        spoken_for: settings.speaks_for(&address),
        address,
    }))
}

/// Some providers write the boolean as a text.
fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

fn is_one(value: &Value) -> bool {
    value.as_u64() == Some(1) || value.as_str() == Some("1")
}

fn name(claims: &Map<String, Value>) -> Option<String> {
    let name = claims.get("name")?.as_str()?.trim();
    let mut shown = visible(name);
    let end = (0..=MAX_NAME_BYTES.min(shown.len())).rev();
    let end = end.into_iter().find(|end| shown.is_char_boundary(*end));
    shown.truncate(end.unwrap_or_default());
    (!shown.is_empty()).then_some(shown)
}

/// The names of the groups. A person without the claim is in no group; but a claim that cannot be
/// read, or that was left out for its size, must not look like that.
fn groups(
    settings: &ProviderConfig,
    claims: &Map<String, Value>,
) -> Result<Vec<String>, ProviderError> {
    let Some(path) = &settings.groups_claim else {
        return Ok(Vec::new());
    };
    let Some(value) = lookup(claims, path) else {
        // OpenID Connect Core 1.0, section 5.6.2: the claim is elsewhere. Entra ID does so above 200.
        let elsewhere = claims.get("_claim_names").and_then(Value::as_object);
        let first = path.split('.').next().unwrap_or_default();
        let left_out = elsewhere.is_some_and(|names| names.contains_key(first))
            || claims.get("hasgroups").is_some_and(is_true);
        return if left_out {
            Err(ProviderError::GroupsLeftOut)
        } else {
            Ok(Vec::new())
        };
    };
    let unreadable = IdTokenFault::Claim {
        claim: "groups_claim",
        missing: false,
    };
    let mut groups: Vec<String> = match value {
        Value::Null => Vec::new(),
        Value::String(only) => vec![only.clone()],
        Value::Array(list) => {
            let texts = list.iter().map(|group| group.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or(unreadable)?
        }
        _ => return Err(unreadable.into()),
    };
    groups.sort();
    groups.dedup();
    Ok(groups)
}

fn copied(
    settings: &ProviderConfig,
    claims: &Map<String, Value>,
) -> Result<Map<String, Value>, ProviderError> {
    let found = settings.claims.iter().filter_map(|name| {
        let value = lookup(claims, name)?;
        Some((name.clone(), value.clone()))
    });
    let copied: Map<String, Value> = found.collect();
    let bytes = Value::Object(copied.clone()).to_string().len();
    if bytes > MAX_CLAIMS_BYTES {
        return Err(ProviderError::ClaimsTooLarge {
            bytes,
            limit: MAX_CLAIMS_BYTES,
        });
    }
    Ok(copied)
}

fn authentication(claims: &Map<String, Value>) -> Authentication {
    let methods = match claims.get("amr") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(only)) => vec![only.as_str()],
        _ => Vec::new(),
    };
    let short = methods
        .into_iter()
        .filter(|text| text.len() <= MAX_TEXT_BYTES);
    Authentication {
        amr: short.take(MAX_METHODS).map(str::to_owned).collect(),
        acr: short_text(claims, "acr"),
        auth_time: claims.get("auth_time").and_then(seconds),
    }
}

fn short_text(claims: &Map<String, Value>, claim: &str) -> Option<String> {
    let text = claims.get(claim)?.as_str()?;
    (1..=MAX_TEXT_BYTES)
        .contains(&text.len())
        .then(|| text.to_owned())
}

/// A claim by its name, which may have dots in it, or by a path of names.
fn lookup<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

/// Objects of both are joined, so that a nested claim is found wherever it is.
fn merge(claims: &mut Map<String, Value>, name: String, value: Value) {
    match (claims.get_mut(&name), value) {
        (None, value) => {
            claims.insert(name, value);
        }
        (Some(Value::Object(old)), Value::Object(new)) => {
            for (name, value) in new {
                merge(old, name, value);
            }
        }
        (Some(_), _) => {}
    }
}
