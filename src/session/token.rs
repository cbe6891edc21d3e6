//! The compact form of a JWT (RFC 7515, section 7.1), parsed without trusting it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::protocol::base64url;
use crate::protocol::claims::{APPLICATION_TYP, MAX_TOKEN_BYTES, SESSION_TYP};

/// The longest `kid` that is accepted, in bytes.
const MAX_KID_BYTES: usize = 64;

/// A parsed token. Nothing in it has been verified.
#[derive(Debug)]
pub struct UnverifiedToken<'a> {
    /// What the signature covers: header and payload as sent, with the dot.
    pub signed_text: &'a [u8],
    /// The signature.
    pub signature: Vec<u8>,
    /// The payload's bytes.
    pub unverified_payload: Vec<u8>,
    /// The algorithm that the header names.
    pub unverified_alg: String,
    /// The key that the header names.
    pub unverified_kid: String,
    /// The kind of token that the header names.
    pub unverified_typ: TokenTyp,
}

/// The `typ` header (RFC 8725, section 3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenTyp {
    /// An application token.
    Application,
    /// A global session token.
    Session,
}

/// The protected header. Members that are not named here are ignored, `crit` is refused.
#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl<'a> UnverifiedToken<'a> {
    /// Parses a token; `None` for anything but a token as this project issues them.
    #[must_use]
    pub fn parse(token: &'a [u8]) -> Option<Self> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let mut parts = token.split(|b| *b == b'.');
        let (header, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let fields = parse_header(header)?;
        Some(Self {
            signed_text: token.get(..header.len() + 1 + payload.len())?,
            signature: base64url::decode(signature)?,
            unverified_payload: base64url::decode(payload)?,
            unverified_typ: typ(&fields.typ)?,
            unverified_alg: fields.alg,
            unverified_kid: fields.kid,
        })
    }
}

/// Whether a token claims to be an application token. Nothing else is checked.
#[must_use]
pub fn claims_to_be_ours(token: &[u8]) -> bool {
    let header = token.split(|b| *b == b'.').next().unwrap_or_default();
    token.len() <= MAX_TOKEN_BYTES
        && base64url::decode(header)
            .and_then(|json| serde_json::from_slice::<TypOnly>(&json).ok())
            .is_some_and(|header| header.typ == APPLICATION_TYP)
}

#[derive(Deserialize)]
struct TypOnly {
    typ: String,
}

fn parse_header(part: &[u8]) -> Option<Header> {
    let header: Header = serde_json::from_slice(&base64url::decode(part)?).ok()?;
    (header.crit.is_none() && header.kid.len() <= MAX_KID_BYTES).then_some(header)
}

fn typ(text: &str) -> Option<TokenTyp> {
    match text {
        APPLICATION_TYP => Some(TokenTyp::Application),
        SESSION_TYP => Some(TokenTyp::Session),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> Vec<u8> {
        let header = base64url::encode(header.as_bytes());
        format!(
            "{header}.{}.{}",
            base64url::encode(b"{}"),
            base64url::encode(b"sig")
        )
        .into_bytes()
    }

    #[test]
    fn a_token_is_parsed() {
        let text = token(r#"{"alg":"ES256","typ":"app+jwt","kid":"k1","x":1}"#);
        let parsed = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(parsed.unverified_kid, "k1");
        assert_eq!(parsed.unverified_alg, "ES256");
        assert_eq!(parsed.unverified_typ, TokenTyp::Application);
        assert_eq!(parsed.signature, b"sig");
        assert!(text.starts_with(parsed.signed_text));
        assert!(claims_to_be_ours(&text));
    }

    #[test]
    fn everything_else_is_malformed() {
        let good = token(r#"{"alg":"ES256","typ":"app+jwt","kid":"k1"}"#);
        let long_kid = format!(
            r#"{{"alg":"ES256","typ":"app+jwt","kid":"{}"}}"#,
            "k".repeat(65)
        );
        let mut four_parts = good.clone();
        four_parts.extend(b".eA");
        let mut padded = good.clone();
        padded.push(b'=');
        for bad in [
            b"".to_vec(),
            b"..".to_vec(),
            b"a.b".to_vec(),
            vec![0xff; 40],
            vec![b'a'; MAX_TOKEN_BYTES + 1],
            four_parts,
            padded,
            token(r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#),
            token(r#"{"alg":"ES256","kid":"k1"}"#),
            token(r#"{"alg":"ES256","typ":"app+jwt"}"#),
            token(r#"{"alg":"ES256","typ":"app+jwt","kid":"k1","crit":["b64"]}"#),
            token(r#"{"alg":"ES256","alg":"none","typ":"app+jwt","kid":"k1"}"#),
            token(r#"{"alg":["ES256"],"typ":"app+jwt","kid":"k1"}"#),
            token(&long_kid),
            token("not json"),
        ] {
            assert!(
                UnverifiedToken::parse(&bad).is_none(),
                "{}",
                String::from_utf8_lossy(&bad)
            );
        }
    }
}
