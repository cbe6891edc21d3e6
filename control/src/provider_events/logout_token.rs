//! Logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6), after signature, `iss` and
//! `aud` were verified.

use std::time::Duration;

use portcullis::time::UnixSeconds;
use serde_json::{Map, Value};

use super::fault::ReportFault;
use crate::identity_providers::error::IdTokenFault;
use crate::identity_providers::id_token::{issued, subject};
use crate::identity_providers::identity::SignedEvent;

/// How far `iat` may be from this machine's clock.
const ISSUED_WITHIN: Duration = Duration::from_secs(5 * 60);
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// As long as a `sid` that is kept with a session.
const MAX_SID_BYTES: usize = 256;

/// A verified logout token.
#[derive(Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// `jti`.
    pub jti: String,
    /// From then on it is refused for its age.
    pub expires_at: UnixSeconds,
    /// What ended.
    pub target: LogoutTarget,
}

/// What ended at the provider.
#[derive(Debug, PartialEq, Eq)]
pub enum LogoutTarget {
    /// A session, and whose it is if the token says so.
    Session {
        /// `sid`.
        sid: String,
        /// `sub`.
        subject: Option<String>,
    },
    /// All sessions of a person, by `sub`.
    Person(String),
}

impl LogoutToken {
    /// Checks the claims that only a logout token has, and those that it must not have.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(event: &SignedEvent, now: UnixSeconds) -> Result<Self, ReportFault> {
        // Providers of before there was a type for logout tokens write that of any JWT.
        let typ = event.typ.as_deref();
        if !matches!(typ, None | Some("logout+jwt" | "jwt")) {
            return Err(IdTokenFault::Type.into());
        }
        let claims = &event.claims;
        let issued = issued(claims, now)?;
        if issued.abs_diff(now) > ISSUED_WITHIN {
            return Err(ReportFault::IssuedAt("5 minutes"));
        }
        let events = claims.get("events").ok_or(ReportFault::missing("events"))?;
        if !events.get(EVENT).is_some_and(Value::is_object) {
            return Err(ReportFault::NoEvent(EVENT));
        }
        if claims.contains_key("nonce") {
            return Err(ReportFault::Nonce);
        }
        Ok(Self {
            jti: jti(claims)?.to_owned(),
            expires_at: issued + ISSUED_WITHIN,
            target: target(claims)?,
        })
    }
}

/// `jti` of verified claims.
///
/// # Errors
/// When it is missing or no text.
pub fn jti(claims: &Map<String, Value>) -> Result<&str, ReportFault> {
    let jti = claims.get("jti").ok_or(ReportFault::missing("jti"))?;
    let jti = jti.as_str().filter(|jti| !jti.is_empty());
    jti.ok_or(ReportFault::wrong("jti"))
}

fn target(claims: &Map<String, Value>) -> Result<LogoutTarget, ReportFault> {
    let person = claims.contains_key("sub").then(|| subject(claims));
    let person = person.transpose()?.map(str::to_owned);
    match (claims.get("sid"), person) {
        (Some(sid), subject) => {
            let sid = sid.as_str();
            let sid = sid.filter(|sid| (1..=MAX_SID_BYTES).contains(&sid.len()));
            let sid = sid.ok_or(ReportFault::wrong("sid"))?.to_owned();
            Ok(LogoutTarget::Session { sid, subject })
        }
        (None, Some(person)) => Ok(LogoutTarget::Person(person)),
        (None, None) => Err(ReportFault::NoTarget),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: UnixSeconds = UnixSeconds::new(1_000_000);

    fn event(typ: Option<&str>) -> SignedEvent {
        let claims = json!({
            "jti": "j1", "iat": NOW.get(), "exp": NOW.get() + 120, "sub": "ana", "sid": "s1",
            "events": { EVENT: {} },
        });
        SignedEvent {
            typ: typ.map(str::to_owned),
            claims: claims.as_object().unwrap().clone(),
        }
    }

    fn read(change: impl FnOnce(&mut Map<String, Value>)) -> Result<LogoutToken, ReportFault> {
        let mut event = event(None);
        change(&mut event.claims);
        LogoutToken::read(&event, NOW)
    }

    #[test]
    fn a_session_or_a_person() {
        let session = |subject: Option<&str>| LogoutTarget::Session {
            sid: "s1".to_owned(),
            subject: subject.map(str::to_owned),
        };
        assert_eq!(read(|_| ()).unwrap().target, session(Some("ana")));
        let without_sub = read(|claims| drop(claims.remove("sub"))).unwrap();
        assert_eq!(without_sub.target, session(None));
        let without_sid = read(|claims| drop(claims.remove("sid"))).unwrap();
        assert_eq!(without_sid.target, LogoutTarget::Person("ana".to_owned()));
        let neither = read(|claims| claims.retain(|name, _| name != "sub" && name != "sid"));
        assert_eq!(neither, Err(ReportFault::NoTarget));
        // A name that cannot be read is not taken for none.
        for claim in ["sub", "sid"] {
            let wrong = read(|claims| claims[claim] = json!(7));
            assert_eq!(wrong, Err(ReportFault::wrong(claim)));
        }
    }

    #[test]
    fn types_of_other_tokens_are_refused() {
        for good in [None, Some("logout+jwt"), Some("jwt")] {
            assert!(LogoutToken::read(&event(good), NOW).is_ok(), "{good:?}");
        }
        for wrong in ["at+jwt", "secevent+jwt", ""] {
            let refused = LogoutToken::read(&event(Some(wrong)), NOW);
            assert_eq!(refused, Err(IdTokenFault::Type.into()), "{wrong}");
        }
    }

    #[test]
    fn an_event_is_an_object_of_its_name() {
        let none = Err(ReportFault::NoEvent(EVENT));
        assert_eq!(read(|claims| claims["events"] = json!({})), none);
        assert_eq!(read(|claims| claims["events"] = json!([EVENT])), none);
        let flag = json!({ EVENT: true });
        assert_eq!(read(|claims| claims["events"] = flag), none);
        let other = json!({ "https://schemas.openid.net/event/backchannel-logout": {} });
        assert_eq!(read(|claims| claims["events"] = other), none);
    }

    #[test]
    fn five_minutes_in_both_directions() {
        let at = |offset: i64| {
            read(|claims| claims["iat"] = json!(NOW.get().checked_add_signed(offset).unwrap()))
        };
        assert_eq!(at(-300).unwrap().expires_at, NOW);
        assert!(at(300).is_ok());
        for offset in [-301, 301] {
            assert_eq!(at(offset), Err(ReportFault::IssuedAt("5 minutes")));
        }
    }
}
