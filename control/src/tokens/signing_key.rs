//! A private key of one algorithm, with its public part.
//!
//! Every algorithm here is deterministic: the same key and message always give the same signature.

mod eddsa;
mod error;
mod es256;
mod rs256;

use std::fmt;

use portcullis::protocol::base64url;
use portcullis::protocol::feed::Jwk;
use portcullis::session::signature::Algorithm;

use crate::seal::{Purpose, Seal};
use crate::storage::{KeyMaterial, PlainKey};
use crate::system::randomness::Randomness;
pub use error::{GenerateError, KeyError, NoSignature, StoredKeyError};

use eddsa::EdDsa;
use es256::Es256;
use rs256::Rs256;

const KID_CHARACTERS: usize = 16;

/// The algorithm of a name in configurations and commands: `es256`, `rs256` or `eddsa`.
#[must_use]
pub fn algorithm_of(name: &str) -> Option<Algorithm> {
    let mut all = Algorithm::ALL.into_iter();
    all.find(|algorithm| algorithm_name(*algorithm) == name)
}

/// The name of an algorithm in configurations and commands.
#[must_use]
pub fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "es256",
        Algorithm::Rs256 => "rs256",
        Algorithm::EdDsa => "eddsa",
    }
}

/// What must be written where [`algorithm_of`] finds nothing.
pub const ALGORITHM_NAMES: &str = "must be es256, rs256 or eddsa";

/// A private key with its public part.
pub struct SigningKey {
    private: Private,
    jwk: Jwk,
}

enum Private {
    Es256(Box<Es256>),
    Rs256(Rs256),
    EdDsa(EdDsa),
}

impl SigningKey {
    /// A new key. For RSA this takes a large part of a second of computation.
    ///
    /// # Errors
    /// When there is no randomness, or the library fails.
    pub fn generate(algorithm: Algorithm, random: &dyn Randomness) -> Result<Self, GenerateError> {
        let private = match algorithm {
            Algorithm::Es256 => Private::Es256(Box::new(Es256::generate(random)?)),
            Algorithm::Rs256 => {
                Private::Rs256(Rs256::generate().map_err(|KeyError| GenerateError::Library)?)
            }
            Algorithm::EdDsa => {
                let seed = random.bytes::<32>()?;
                let key = EdDsa::from_seed(&seed).map_err(|KeyError| GenerateError::Library)?;
                Private::EdDsa(key)
            }
        };
        Ok(Self::new(private))
    }

    /// A stored key.
    ///
    /// # Errors
    /// When it does not open, is not a key of its algorithm, or has another id.
    pub fn from_material(material: &KeyMaterial, seal: &Seal) -> Result<Self, StoredKeyError> {
        let purpose = Purpose::SigningKey { kid: &material.kid };
        let bytes = seal.open(purpose, &material.private_key)?;
        let private = match Algorithm::named(&material.algorithm).ok_or(KeyError)? {
            Algorithm::Es256 => Private::Es256(Box::new(Es256::from_scalar(&bytes)?)),
            Algorithm::Rs256 => Private::Rs256(Rs256::from_pkcs8(&bytes)?),
            Algorithm::EdDsa => Private::EdDsa(EdDsa::from_seed(&bytes)?),
        };
        let key = Self::new(private);
        if material.kid == key.kid() {
            Ok(key)
        } else {
            Err(KeyError.into())
        }
    }

    /// What is to be stored of it.
    #[must_use]
    pub fn to_plain(&self) -> PlainKey {
        PlainKey {
            kid: self.kid().to_owned(),
            algorithm: self.algorithm().name().to_owned(),
            private_part: match &self.private {
                Private::Es256(key) => key.scalar(),
                Private::Rs256(key) => key.pkcs8(),
                Private::EdDsa(key) => key.seed(),
            },
        }
    }

    /// Its id, `kid` in token headers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// The only algorithm that it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.private {
            Private::Es256(_) => Algorithm::Es256,
            Private::Rs256(_) => Algorithm::Rs256,
            Private::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// The public part.
    #[must_use]
    pub fn jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// The signature of `message`, as JOSE has it (RFC 7518, RFC 8037).
    ///
    /// # Errors
    /// When the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NoSignature> {
        match &self.private {
            Private::Es256(key) => Ok(key.sign(message)),
            Private::Rs256(key) => key.sign(message),
            Private::EdDsa(key) => key.sign(message),
        }
    }

    /// Whether `signature` is a signature of `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.private {
            Private::Es256(key) => key.verifies(message, signature),
            Private::Rs256(key) => key.verifies(message, signature),
            Private::EdDsa(key) => key.verifies(message, signature),
        }
    }

    fn new(private: Private) -> Self {
        let (mut jwk, required) = match &private {
            Private::Es256(key) => key.public(),
            Private::Rs256(key) => key.public(),
            Private::EdDsa(key) => key.public(),
        };
        // RFC 7638, section 3: the hash of the required members, in the order of their names.
        let thumbprint = base64url::encode(&hmac_sha256::Hash::hash(required.as_bytes()));
        jwk.kid = thumbprint.chars().take(KID_CHARACTERS).collect();
        jwk.usage = Some("sig".to_owned());
        let mut key = Self { private, jwk };
        key.jwk.alg = key.algorithm().name().to_owned();
        key
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid())
    }
}

#[cfg(test)]
mod tests {
    use portcullis::protocol::feed::JwkSet;
    use portcullis::session::keys::Keys as FilterKeys;
    use portcullis::session::signature::NoHostSignatures;

    use super::*;
    use crate::seal::Sealed;
    use crate::seal::source::Source;
    use crate::system::randomness::SystemRandomness;

    fn generate(algorithm: Algorithm) -> SigningKey {
        SigningKey::generate(algorithm, &SystemRandomness).unwrap()
    }

    fn sealed(key: &SigningKey, seal: &Seal) -> KeyMaterial {
        let plain = key.to_plain();
        let purpose = Purpose::SigningKey { kid: &plain.kid };
        KeyMaterial {
            private_key: seal.seal(purpose, &plain.private_part).unwrap(),
            kid: plain.kid,
            algorithm: plain.algorithm,
        }
    }

    fn some_seal(directory: &tempfile::TempDir) -> Seal {
        Seal::load(Source::of(None, directory.path()), true, &SystemRandomness).unwrap()
    }

    #[test]
    fn a_stored_key_is_the_same_key() {
        let directory = tempfile::tempdir().unwrap();
        let seal = some_seal(&directory);
        for algorithm in Algorithm::ALL {
            let key = generate(algorithm);
            let stored = SigningKey::from_material(&sealed(&key, &seal), &seal).unwrap();
            assert_eq!(key.jwk(), stored.jwk());
            assert_eq!(stored.algorithm(), algorithm);
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature, stored.sign(b"message").unwrap(), "deterministic");
            assert!(stored.verifies(b"message", &signature));
            assert!(!stored.verifies(b"massage", &signature));
            assert!(!stored.verifies(b"message", &signature[1..]));
            assert!(!generate(algorithm).verifies(b"message", &signature));
            assert_eq!(key.kid().len(), 16);
        }
    }

    #[test]
    fn b16_the_filter_takes_keys_and_signatures_of_every_algorithm() {
        for algorithm in Algorithm::ALL {
            let key = generate(algorithm);
            let set = JwkSet {
                keys: vec![key.jwk()],
            };
            let keys = FilterKeys::compile(set).unwrap();
            let found = keys.find(key.kid()).unwrap();
            assert_eq!(found.algorithm(), algorithm);
            let signature = key.sign(b"message").unwrap();
            let check = |text: &[u8]| found.verify(&NoHostSignatures, &signature, text).is_good;
            assert!(check(b"message"), "{algorithm:?}");
            assert!(!check(b"massage"), "{algorithm:?}");
        }
    }

    #[test]
    fn an_invalid_stored_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let seal = some_seal(&directory);
        for algorithm in Algorithm::ALL {
            let material = sealed(&generate(algorithm), &seal);
            let purpose = Purpose::SigningKey { kid: &material.kid };
            let mut wrong = vec![
                KeyMaterial {
                    kid: "other".into(),
                    ..material.clone()
                },
                KeyMaterial {
                    private_key: seal.seal(purpose, &[0; 3]).unwrap(),
                    ..material.clone()
                },
                // As a refused key is stored.
                KeyMaterial {
                    private_key: Sealed::stored(String::new()),
                    ..material.clone()
                },
            ];
            let others = Algorithm::ALL.into_iter().filter(|one| *one != algorithm);
            let names = others.map(|other| other.name()).chain(["none", "HS256"]);
            wrong.extend(names.map(|name| KeyMaterial {
                algorithm: name.to_owned(),
                ..material.clone()
            }));
            for wrong in wrong {
                assert!(
                    SigningKey::from_material(&wrong, &seal).is_err(),
                    "{wrong:?}"
                );
            }
        }
    }

    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        // RFC 8037, appendix A.1 to A.3.
        let seed = base64url::decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::new(Private::EdDsa(EdDsa::from_seed(&seed).unwrap()));
        assert_eq!(
            key.jwk().x.as_deref(),
            Some("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        );
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9w");
    }
}
