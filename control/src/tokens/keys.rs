//! Signing and verifying tokens (RFC 7515, RFC 7519, following RFC 8725).
//!
//! Signatures are deterministic: the same claims and key always give the same token. So a repeated
//! exchange gets the same answer although tokens are not stored.

pub mod resealing;
pub mod ring;
pub mod rotation;
pub mod state;

use std::sync::Arc;

use portcullis::protocol::base64url;
use portcullis::protocol::claims::{APPLICATION_TYP, ApplicationClaims, MAX_TOKEN_BYTES};
use portcullis::protocol::feed::JwkSet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::signing_key::{NoSignature, SigningKey};

/// The keys in force at one moment: one signs, all verify.
#[derive(Debug)]
pub struct Keys {
    signing: Arc<SigningKey>,
    all: Vec<Arc<SigningKey>>,
    refusals: u64,
}

/// Why a token was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims cannot be written as JSON.
    #[error("a token's claims cannot be written")]
    Claims(#[from] serde_json::Error),
    /// The cryptographic library failed.
    #[error(transparent)]
    Signature(#[from] NoSignature),
    /// A key was refused meanwhile, which may have signed what the token would be given for.
    #[error("a signing key was refused since the sign-in was shown")]
    KeyRefused,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    // RFC 7515, section 4.1.11: we understand no extension, so none may be critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

impl Keys {
    /// `signing` signs; `others` verify with it. So many keys have been refused.
    #[must_use]
    pub fn new(signing: SigningKey, others: Vec<SigningKey>, refusals: u64) -> Self {
        let signing = Arc::new(signing);
        let mut all: Vec<_> = others.into_iter().map(Arc::new).collect();
        all.push(Arc::clone(&signing));
        // The set that filters get does not depend on which key signs.
        all.sort_by(|one, other| one.kid().cmp(other.kid()));
        Self {
            signing,
            all,
            refusals,
        }
    }

    /// How many keys have been refused.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals
    }

    /// The public keys.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        JwkSet {
            keys: self.all.iter().map(|key| key.jwk()).collect(),
        }
    }

    /// Signs an application token for a sign-in that was shown when so many keys had been refused.
    ///
    /// # Errors
    /// As [`Self::sign`], and when a key has been refused since: it may have signed the cookie, code
    /// or token that showed the sign-in.
    pub fn sign_for(
        &self,
        key_refusals: u64,
        claims: &ApplicationClaims,
    ) -> Result<String, SignError> {
        if key_refusals != self.refusals {
            return Err(SignError::KeyRefused);
        }
        self.sign(APPLICATION_TYP, claims)
    }

    /// Signs `claims` as a token of the type `typ`.
    ///
    /// # Errors
    /// When the claims cannot be serialised, or the library fails.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, SignError> {
        let header = Header {
            alg: self.signing.algorithm().name().to_owned(),
            typ: typ.to_owned(),
            kid: self.signing.kid().to_owned(),
            crit: None,
        };
        let mut token = base64url::encode(&serde_json::to_vec(&header)?);
        token.push('.');
        token.push_str(&base64url::encode(&serde_json::to_vec(claims)?));
        let signature = self.signing.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&base64url::encode(&signature));
        Ok(token)
    }

    /// The claims of a token of type `typ` that one of the keys signed. The caller checks issuer,
    /// audience and times.
    #[must_use]
    pub fn verify<T: DeserializeOwned>(&self, typ: &str, token: &str) -> Option<T> {
        let (key, signed, signature) = self.unverified(typ, token)?;
        if !key.verifies(signed.as_bytes(), &base64url::decode(signature.as_bytes())?) {
            return None;
        }
        let (_, claims) = signed.split_once('.')?;
        serde_json::from_slice(&base64url::decode(claims.as_bytes())?).ok()
    }

    /// Whether a token looks like one of type `typ` by one of the keys: whether its signature is
    /// worth a check.
    #[must_use]
    pub fn unverified_is_ours(&self, typ: &str, token: &str) -> bool {
        self.unverified(typ, token).is_some()
    }

    /// The key that a token of type `typ` names, what it signs, and the signature.
    fn unverified<'a>(&self, typ: &str, token: &'a str) -> Option<(&SigningKey, &'a str, &'a str)> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, _) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&base64url::decode(header.as_bytes())?).ok()?;
        let key = self.all.iter().find(|key| key.kid() == header.kid)?;
        let is_for_key = header.alg == key.algorithm().name();
        let is_ours = header.typ == typ && is_for_key && header.crit.is_none();
        is_ours.then_some((&**key, signed, signature))
    }
}

#[cfg(test)]
mod tests {
    use portcullis::protocol::claims::{
        APPLICATION_TYPE, Confirmation, MAX_GROUPS_CLAIM_BYTES, TokenUse,
    };
    use portcullis::session::signature::Algorithm;
    use portcullis::time::UnixSeconds;

    use super::*;
    use crate::seal::source::Source;
    use crate::seal::{Purpose, Seal};
    use crate::storage::KeyMaterial;
    use crate::system::randomness::SystemRandomness;

    fn key(algorithm: Algorithm) -> SigningKey {
        SigningKey::generate(algorithm, &SystemRandomness).unwrap()
    }

    fn keys(algorithm: Algorithm) -> Keys {
        Keys::new(key(algorithm), Vec::new(), 0)
    }

    #[test]
    fn only_tokens_of_these_keys_and_this_type_are_accepted() {
        for algorithm in Algorithm::ALL {
            let (ours, others) = (keys(algorithm), keys(algorithm));
            let token = ours.sign("app+jwt", &[1, 2]).unwrap();
            assert_eq!(ours.verify::<Vec<u8>>("app+jwt", &token), Some(vec![1, 2]));
            assert_eq!(ours.verify::<Vec<u8>>("org+jwt", &token), None);
            assert_eq!(others.verify::<Vec<u8>>("app+jwt", &token), None);
            for broken in [
                "",
                ".",
                "..",
                "a.b.c",
                &token[1..],
                &token[..token.len() - 1],
            ] {
                assert_eq!(ours.verify::<Vec<u8>>("app+jwt", broken), None, "{broken}");
            }
        }
    }

    /// Every claim is as long as it can be. Browsers drop a cookie whose name and value have more than
    /// 4096 bytes together.
    #[test]
    fn the_longest_token_is_accepted_and_fits_into_a_cookie() {
        const LONGEST_NAME: usize = "__Host-access_token_0123456789abcdef".len();
        let id = || "A".repeat(22);
        let end = UnixSeconds::new(99_999_999_999);
        let list = "g".repeat(MAX_GROUPS_CLAIM_BYTES - r#"[""]"#.len());
        let claims = ApplicationClaims {
            iss: format!("https://{}:65535", "h".repeat(253)),
            aud: vec!["a".repeat(64)],
            kind: APPLICATION_TYPE.to_owned(),
            sub: id(),
            email: "e".repeat(254),
            sid: id(),
            jti: id(),
            iat: end,
            nbf: end,
            exp: end,
            session_exp: end,
            auth_time: end,
            ver: u64::MAX,
            auth_ver: u64::MAX,
            rule: "r".repeat(12),
            cnf: Confirmation::of_cookie(base64url::encode(&[0; 32]).as_bytes()),
            usage: Some(TokenUse::Header),
            every_navigation: true,
            groups: Some(vec![list]),
            groups_truncated: true,
            custom: None,
        };
        assert!(claims.cnf.is_some());
        for algorithm in Algorithm::ALL {
            let keys = keys(algorithm);
            let token = keys.sign_for(0, &claims).unwrap();
            assert!(
                token.len() + LONGEST_NAME <= MAX_TOKEN_BYTES,
                "{}",
                token.len()
            );
            assert_eq!(keys.verify(APPLICATION_TYP, &token), Some(claims.clone()));
        }
    }

    #[test]
    fn unsigned_and_critical_headers_and_other_algorithms_are_refused() {
        let keys = keys(Algorithm::Es256);
        let kid = keys.signing.kid().to_owned();
        for header in [
            format!(r#"{{"alg":"none","typ":"app+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","typ":"app+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"RS256","typ":"app+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"ES256","typ":"app+jwt","kid":"{kid}","crit":["x"]}}"#),
        ] {
            let signed = format!("{}.{}", base64url::encode(header.as_bytes()), "WzFd");
            let signature = keys.signing.sign(signed.as_bytes()).unwrap();
            let token = format!("{signed}.{}", base64url::encode(&signature));
            assert_eq!(keys.verify::<Vec<u8>>("app+jwt", &token), None, "{header}");
        }
    }

    #[test]
    fn b16_the_others_verify_and_do_not_sign() {
        let (old, new) = (key(Algorithm::Es256), key(Algorithm::Rs256));
        let (old_kid, new_kid) = (old.kid().to_owned(), new.kid().to_owned());
        let directory = tempfile::tempdir().unwrap();
        let source = Source::of(None, directory.path());
        let seal = Seal::load(source, true, &SystemRandomness).unwrap();
        let plain = old.to_plain();
        let purpose = Purpose::SigningKey { kid: &plain.kid };
        let material = KeyMaterial {
            private_key: seal.seal(purpose, &plain.private_part).unwrap(),
            kid: plain.kid,
            algorithm: plain.algorithm,
        };
        let before = Keys::new(old, Vec::new(), 0);
        let token = before.sign("app+jwt", &1).unwrap();
        let old = SigningKey::from_material(&material, &seal).unwrap();
        let after = Keys::new(new, vec![old], 0);
        assert_eq!(after.verify("app+jwt", &token), Some(1));
        assert_eq!(after.signing.kid(), new_kid);
        let mut kids = [old_kid, new_kid];
        kids.sort();
        let published = after.jwks().keys.into_iter().map(|key| key.kid);
        assert_eq!(published.collect::<Vec<_>>(), kids);
    }

    #[test]
    fn the_same_claims_give_the_same_token() {
        for algorithm in Algorithm::ALL {
            let keys = keys(algorithm);
            assert_eq!(keys.sign("a", &1).unwrap(), keys.sign("a", &1).unwrap());
        }
    }
}
