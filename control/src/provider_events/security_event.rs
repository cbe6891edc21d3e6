//! Security event tokens (RFC 8417), after signature, `iss` and `aud` were verified: the few events of
//! CAEP and RISC that end access. Others are received and have no effect.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use super::fault::ReportFault;
use super::incoming::Effect;
use super::logout_token::jti;
use super::subject_id::SubjectId;
use crate::CLOCK_LEEWAY;
use crate::identity_providers::error::IdTokenFault;
use crate::identity_providers::id_token::issued;
use crate::identity_providers::identity::SignedEvent;

/// Transmitters keep events for a service that is away, and send them later. Each is remembered for so
/// long, so that it counts once.
const LONGEST_DELAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Shared Signals Framework 1.0, section 4.1.1: explicit typing is demanded.
const TYPE: &str = "secevent+jwt";

/// An event that ends access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// CAEP: a session was revoked.
    SessionRevoked,
    /// CAEP: a credential was changed, added or revoked.
    CredentialChange,
    /// RISC: an account was disabled.
    AccountDisabled,
}

/// A verified event.
#[derive(Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// `jti`.
    pub jti: String,
    /// From then on it is refused for its age.
    pub expires_at: UnixSeconds,
    /// What happened, and to whom; `None` if it has no effect here.
    pub news: Option<(EventKind, SubjectId)>,
}

impl EventKind {
    /// The strongest first.
    const ALL: [Self; 3] = [
        Self::AccountDisabled,
        Self::SessionRevoked,
        Self::CredentialChange,
    ];

    fn uri(self) -> &'static str {
        match self {
            Self::SessionRevoked => {
                "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
            }
            Self::CredentialChange => {
                "https://schemas.openid.net/secevent/caep/event-type/credential-change"
            }
            Self::AccountDisabled => {
                "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
            }
        }
    }

    /// In a word for programs.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::SessionRevoked => "session_revoked",
            Self::CredentialChange => "credential_change",
            Self::AccountDisabled => "account_disabled",
        }
    }

    /// What it does to the person.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Self::SessionRevoked | Self::CredentialChange => Effect::End,
            Self::AccountDisabled => Effect::Disable,
        }
    }
}

impl SecurityEvent {
    /// Checks the claims that every security event has, and reads the event.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(signed: &SignedEvent, now: UnixSeconds) -> Result<Self, ReportFault> {
        if signed.typ.as_deref() != Some(TYPE) {
            return Err(IdTokenFault::Type.into());
        }
        let claims = &signed.claims;
        let issued = issued(claims, now)?;
        if issued + LONGEST_DELAY < now || issued > now + CLOCK_LEEWAY {
            return Err(ReportFault::IssuedAt("7 days in the past"));
        }
        let jti = jti(claims)?.to_owned();
        let events = claims.get("events").ok_or(ReportFault::missing("events"))?;
        let events = events.as_object().filter(|events| !events.is_empty());
        let events = events.ok_or(ReportFault::wrong("events"))?;
        let mut kinds = EventKind::ALL.into_iter();
        let kind = kinds.find(|kind| events.contains_key(kind.uri()));
        let news = match kind {
            Some(kind) => {
                let named = claims.get("sub_id").ok_or(ReportFault::missing("sub_id"))?;
                Some((kind, SubjectId::read(named)?))
            }
            None => None,
        };
        Ok(Self {
            jti,
            expires_at: issued + LONGEST_DELAY,
            news,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(100_000_000);

    fn read(change: impl FnOnce(&mut SignedEvent)) -> Result<SecurityEvent, ReportFault> {
        let claims = json!({
            "jti": "j1", "iat": NOW.get(),
            "sub_id": { "format": "opaque", "id": "ana" },
            "events": { EventKind::SessionRevoked.uri(): {} },
        });
        let mut event = SignedEvent {
            typ: Some(TYPE.to_owned()),
            claims: claims.as_object().unwrap().clone(),
        };
        change(&mut event);
        SecurityEvent::read(&event, NOW)
    }

    #[test]
    fn known_events_have_a_person_and_others_no_effect() {
        let ana = || SubjectId::Opaque("ana".to_owned());
        for kind in EventKind::ALL {
            let event = json!({ kind.uri(): { "event_timestamp": 7 } });
            let event = read(|signed| signed.claims["events"] = event).unwrap();
            assert_eq!(event.news, Some((kind, ana())));
        }
        let all: Map<String, Value> = EventKind::ALL
            .map(|kind| (kind.uri().to_owned(), json!({})))
            .into_iter()
            .collect();
        let event = read(|signed| signed.claims["events"] = Value::Object(all)).unwrap();
        assert_eq!(event.news, Some((EventKind::AccountDisabled, ana())));
        let other = "https://schemas.openid.net/secevent/ssf/event-type/verification";
        let event = read(|signed| {
            signed.claims["events"] = json!({ other: { "state": "x" } });
            signed.claims.remove("sub_id");
        });
        assert_eq!(event.unwrap().news, None);
        let nobody = read(|signed| drop(signed.claims.remove("sub_id")));
        assert_eq!(nobody, Err(ReportFault::missing("sub_id")));
    }

    #[test]
    fn the_type_and_the_claims_are_those_of_a_security_event() {
        for typ in [None, Some("jwt"), Some("logout+jwt")] {
            let refused = read(|signed| signed.typ = typ.map(str::to_owned));
            assert_eq!(refused, Err(IdTokenFault::Type.into()), "{typ:?}");
        }
        for claim in ["jti", "iat", "events"] {
            let refused = read(|signed| drop(signed.claims.remove(claim)));
            assert_eq!(refused, Err(ReportFault::missing(claim)));
        }
        for (claim, value) in [
            ("jti", json!("")),
            ("events", json!({})),
            ("iat", json!("7")),
        ] {
            let refused = read(|signed| signed.claims[claim] = value);
            assert_eq!(refused, Err(ReportFault::wrong(claim)));
        }
    }

    #[test]
    fn a_week_late_and_no_minute_early() {
        const WEEK: i64 = 7 * 24 * 3_600;
        let at = |offset: i64| {
            let issued = json!(NOW.get().checked_add_signed(offset).unwrap());
            read(|signed| signed.claims["iat"] = issued)
        };
        assert_eq!(at(-WEEK).unwrap().expires_at, NOW);
        assert!(at(60).is_ok());
        for offset in [-WEEK - 1, 61] {
            assert!(
                matches!(at(offset), Err(ReportFault::IssuedAt(_))),
                "{offset}"
            );
        }
    }
}
