//! A revocation: tokens of a subject with a version below V are refused.
//!
//! On the wire `[scope, id…, version, fresh 0|1, until]`; a deletion is its subject alone.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::subject::{Subject, element, end};
use crate::time::UnixSeconds;

/// Tokens of `subject` with `ver` below `version` are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation<S = String> {
    /// The tokens that it concerns.
    pub subject: Subject<S>,
    /// Tokens below this version are refused.
    pub version: u64,
    /// Whether `auth_ver` is compared instead of `ver`, so that a new sign-in is demanded.
    pub fresh: bool,
    /// When every token that it could refuse has expired.
    pub until: UnixSeconds,
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

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Revocation<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RevocationVisitor(PhantomData))
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
