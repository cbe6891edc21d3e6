//! The sign-in method of identity providers: what a provider has proven becomes a user.

use std::fmt;

use portcullis::time::{UnixMillis, UnixSeconds};

use crate::identity_providers::IdentityProviders;
use crate::identity_providers::identity::{ProvenEmail, ProvenIdentity};
use crate::storage::{IdentityEmail, Provided, SignedInIdentity};
use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::Plain;

/// An ID token that is longer is not kept: it would not fit into the address of a sign-out.
const MAX_HINT_BYTES: usize = 4 * 1024;
/// A refresh token that is longer is not kept.
const MAX_REFRESH_TOKEN_BYTES: usize = 8 * 1024;

/// A person whom a provider has proven.
pub struct ProvenUser {
    /// What is stored about them.
    pub identity: SignedInIdentity,
}

/// The attempt that proved a person.
#[derive(Debug, Clone, Copy)]
pub struct EndedAttempt {
    /// When it began.
    pub begun: UnixSeconds,
    /// The feed's version then.
    pub version: u64,
    /// Whether the person had to prove who they are once more.
    pub fresh: bool,
    /// When the attempt came to its end, just before the provider was asked who signed in.
    pub asked_at: UnixMillis,
}

impl ProvenUser {
    /// The person whom `proven` describes.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(
        proven: ProvenIdentity,
        attempt: &EndedAttempt,
        providers: &IdentityProviders,
        random: &dyn Randomness,
    ) -> Result<Self, NoRandomness> {
        let provider = providers.by_id(&proven.provider_id);
        let settings = provider.map(|provider| provider.settings());
        let email = proven.email.as_ref();
        let joins = email.map(|email| joins(providers, &proven.provider_id, email));
        let keeps_refresh_token = settings.is_some_and(|settings| settings.recheck.is_some());
        let auth_time = proven.authentication.auth_time;
        // A provider that knew the person from before proves no sign-in since then: a revocation that
        // demands one is not satisfied by it.
        let since_then = attempt.fresh || auth_time.is_some_and(|time| time >= attempt.begun);
        let fits = |token: &Plain, most: usize| token.reveal().len() <= most;
        let identity = SignedInIdentity {
            id: random.id()?,
            email: identity_email(providers, &proven),
            joins: joins.unwrap_or_default(),
            provider_id: proven.provider_id,
            subject: proven.subject,
            name: proven.name.unwrap_or_default(),
            groups: proven.groups,
            claims: proven.claims,
            amr: proven.authentication.amr,
            acr: proven.authentication.acr.unwrap_or_default(),
            provider_sid: proven.sid.unwrap_or_default(),
            auth_time,
            auth_ver: if since_then { attempt.version } else { 0 },
            begun_ver: attempt.version,
            asked_at: attempt.asked_at,
            refresh_token: proven
                .refresh_token
                .filter(|token| keeps_refresh_token && fits(token, MAX_REFRESH_TOKEN_BYTES)),
            id_token: proven.id_token.filter(|token| fits(token, MAX_HINT_BYTES)),
        };
        Ok(Self { identity })
    }

    /// The address as people read it, also if the provider may not speak for it; empty for none.
    pub fn shown_email(&self) -> &str {
        let email = self.identity.email.as_ref();
        email.map_or("", |email| &email.shown)
    }

    /// The address by which policies judge and applications know the user; empty for none.
    pub fn believed_email(&self) -> &str {
        let email = self.identity.email.as_ref();
        email
            .filter(|email| email.is_believed)
            .map_or("", |email| &email.shown)
    }

    /// What the session says about the user.
    pub fn provided(&self) -> Provided {
        Provided {
            provider_id: self.identity.provider_id.clone(),
            groups: self.identity.groups.clone(),
            claims: self.identity.claims.clone(),
            amr: self.identity.amr.clone(),
        }
    }
}

impl fmt::Debug for ProvenUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProvenUser({})", self.identity.provider_id)
    }
}

/// The address as it is stored, if the provider tells one.
pub fn identity_email(
    providers: &IdentityProviders,
    proven: &ProvenIdentity,
) -> Option<IdentityEmail> {
    let email = proven.email.as_ref()?;
    Some(IdentityEmail {
        shown: email.address.shown().to_owned(),
        normal: email.address.normal().to_owned(),
        is_believed: is_believed(providers, &proven.provider_id, email),
    })
}

/// Whether the provider may speak for the address: its domain is one of the provider's own
/// `email_domains`; or the provider names none, and no other provider names the domain.
fn is_believed(providers: &IdentityProviders, provider_id: &str, email: &ProvenEmail) -> bool {
    let own = providers.by_id(provider_id);
    let names_none = own.is_some_and(|own| own.settings().email_domains.is_empty());
    let mut all = providers.all();
    email.spoken_for
        || (names_none && !all.any(|other| other.settings().speaks_for(&email.address)))
}

/// The providers with whose user of the same address a new identity becomes one user: both sides join
/// by address, and speak for this one.
fn joins(providers: &IdentityProviders, provider_id: &str, email: &ProvenEmail) -> Vec<String> {
    let own = providers.by_id(provider_id);
    if !email.spoken_for || !own.is_some_and(|own| own.settings().link_by_email) {
        return Vec::new();
    }
    providers
        .all()
        .map(|provider| provider.settings())
        .filter(|other| other.id != provider_id && other.link_by_email)
        .filter(|other| other.speaks_for(&email.address))
        .map(|other| other.id.clone())
        .collect()
}
