//! A revocation: tokens of a subject with a version below V are refused.
//!
//! On the wire `[scope, id…, version, fresh 0|1, until]`; a deletion is `[scope, id…]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Text;
use crate::time::UnixSeconds;

/// Whose tokens are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject<S = String> {
    /// Every token of a user, by `sub`.
    User(S),
    /// Every token of an application, by audience.
    Application(S),
    /// A user's tokens at one application: `sub`, audience.
    UserApplication(S, S),
    /// The tokens of one global session, by `sid`.
    Session(S),
}

/// Tokens of `subject` with `ver` below `version` are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation<S = String> {
    /// Whose.
    pub subject: Subject<S>,
    /// Below which version.
    pub version: u64,
    /// Whether `auth_ver` is compared instead of `ver`, so that a fresh sign-in is needed.
    pub fresh: bool,
    /// When no token that it could refuse is alive any more.
    pub until: UnixSeconds,
}

impl<S: Serialize> Subject<S> {
    fn parts(&self) -> (&'static str, &S, Option<&S>) {
        match self {
            Self::User(sub) => ("user", sub, None),
            Self::Application(audience) => ("application", audience, None),
            Self::UserApplication(sub, audience) => ("user_application", sub, Some(audience)),
            Self::Session(sid) => ("session", sid, None),
        }
    }

    fn serialize_into<A: SerializeSeq>(&self, seq: &mut A) -> Result<(), A::Error> {
        let (scope, id, second) = self.parts();
        seq.serialize_element(scope)?;
        seq.serialize_element(id)?;
        second.map_or(Ok(()), |id| seq.serialize_element(id))
    }
}

impl<S> Subject<S> {
    fn from_seq<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Self, A::Error>
    where
        S: Deserialize<'de>,
    {
        let scope: Text<'de> = element(seq)?;
        match scope.as_ref() {
            "user" => Ok(Self::User(element(seq)?)),
            "application" => Ok(Self::Application(element(seq)?)),
            "user_application" => Ok(Self::UserApplication(element(seq)?, element(seq)?)),
            "session" => Ok(Self::Session(element(seq)?)),
            _ => Err(Error::custom("unknown scope of a revocation")),
        }
    }
}

impl<S: Serialize> Serialize for Subject<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        self.serialize_into(&mut seq)?;
        seq.end()
    }
}

impl<S: Serialize> Serialize for Revocation<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        self.subject.serialize_into(&mut seq)?;
        seq.serialize_element(&self.version)?;
        seq.serialize_element(&u8::from(self.fresh))?;
        seq.serialize_element(&self.until)?;
        seq.end()
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Subject<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SubjectVisitor(PhantomData))
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Revocation<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RevocationVisitor(PhantomData))
    }
}

struct SubjectVisitor<S>(PhantomData<S>);

impl<'de, S: Deserialize<'de>> Visitor<'de> for SubjectVisitor<S> {
    type Value = Subject<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[scope, id…]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Subject<S>, A::Error> {
        let subject = Subject::from_seq(&mut seq)?;
        end(&mut seq)?;
        Ok(subject)
    }
}

struct RevocationVisitor<S>(PhantomData<S>);

impl<'de, S: Deserialize<'de>> Visitor<'de> for RevocationVisitor<S> {
    type Value = Revocation<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[scope, id…, version, fresh, until]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Revocation<S>, A::Error> {
        let subject = Subject::from_seq(&mut seq)?;
        let version = element(&mut seq)?;
        let fresh = match element::<u8, A>(&mut seq)? {
            0 => false,
            1 => true,
            _ => return Err(Error::custom("fresh must be 0 or 1")),
        };
        let until = element(&mut seq)?;
        end(&mut seq)?;
        Ok(Revocation {
            subject,
            version,
            fresh,
            until,
        })
    }
}

fn element<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?
        .ok_or_else(|| Error::custom("a revocation is too short"))
}

fn end<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<(), A::Error> {
    match seq.next_element::<serde::de::IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(Error::custom("a revocation is too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_form_round_trips() {
        for text in [
            r#"["user","u1",57,0,1795536780]"#,
            r#"["application","a1",58,1,1795536780]"#,
            r#"["user_application","u1","a1",59,0,1]"#,
            r#"["session","s1",60,1,1]"#,
        ] {
            let revocation: Revocation = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&revocation).unwrap(), text);
        }
        let subject: Subject = serde_json::from_str(r#"["user_application","u1","a1"]"#).unwrap();
        assert_eq!(subject, Subject::UserApplication("u1".into(), "a1".into()));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            r#"["device","d1",57,0,1]"#,
            r#"["user","u1",57,0]"#,
            r#"["user","u1",57,2,1]"#,
            r#"["user","u1",-1,0,1]"#,
            r#"["user","u1",57,0,1,1]"#,
            r#"["user"]"#,
            r#"{"user":"u1"}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Revocation>(text).is_err(), "{text}");
        }
    }
}
