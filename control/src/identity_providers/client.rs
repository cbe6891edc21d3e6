//! How the service proves to a provider which client it is (OpenID Connect Core 1.0, section 9).

use form_urlencoded::byte_serialize;
use portcullis::time::UnixSeconds;

use super::documents::discovery::Metadata;
use super::error::ProviderError;
use super::http::Authorization;
use super::jose::client_key::ClientKey;
use super::secret;
use super::settings::{ClientAuthentication, ProviderConfig};
use crate::problems::InputProblems;
use crate::system::randomness::Randomness;
use crate::tokens::secret::Plain;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The client's id and its secret or key.
pub struct Client {
    id: String,
    proof: Proof,
}

enum Proof {
    Secret(Plain),
    Key(Box<ClientKey>),
}

/// What a call at the token endpoint says about the client.
pub struct ClientProof {
    /// What is in the form.
    pub form: Vec<(&'static str, Plain)>,
    /// Id and secret for the header, encoded, if they are not in the form.
    pub basic: Option<(String, Plain)>,
}

impl Client {
    /// Reads the secret or the key. If `None`, a problem was noted.
    pub fn open(
        settings: &ProviderConfig,
        path: &str,
        problems: &mut InputProblems,
    ) -> Option<Self> {
        let proof = match &settings.client_authentication {
            ClientAuthentication::Secret(place) => match secret::read(place) {
                Ok(secret) => Some(Proof::Secret(secret)),
                Err(problem) => {
                    let path = format!("{path}.client_secret");
                    secret::note(place, &path, &problem, problems);
                    None
                }
            },
            ClientAuthentication::PrivateKeyFile(file) => {
                let key = secret::file_text(file).and_then(|pem| {
                    ClientKey::read(pem.as_bytes()).map_err(|error| error.to_string())
                });
                let note = |problem| {
                    let message = format!("{}: {problem}", file.display());
                    problems.add(&format!("{path}.private_key_file"), "", message);
                };
                key.map_err(note).ok().map(|key| Proof::Key(Box::new(key)))
            }
        };
        Some(Self {
            id: settings.client_id.clone(),
            proof: proof?,
        })
    }

    /// The key of `private_key_jwt`.
    #[must_use]
    pub fn key(&self) -> Option<&ClientKey> {
        match &self.proof {
            Proof::Secret(_) => None,
            Proof::Key(key) => Some(key),
        }
    }

    /// The method, as metadata name it.
    #[must_use]
    pub fn method(&self, metadata: &Metadata) -> &'static str {
        match &self.proof {
            Proof::Key(_) => "private_key_jwt",
            Proof::Secret(_) if posts_secrets(metadata) => "client_secret_post",
            Proof::Secret(_) => "client_secret_basic",
        }
    }

    /// The proof for one call at the token endpoint.
    ///
    /// # Errors
    /// When the key makes no signature.
    pub fn prove(
        &self,
        metadata: &Metadata,
        now: UnixSeconds,
        random: &dyn Randomness,
    ) -> Result<ClientProof, ProviderError> {
        let id = ("client_id", Plain::new(self.id.clone()));
        Ok(match &self.proof {
            Proof::Key(key) => {
                let jti = random.id().map_err(|_| ProviderError::Client)?;
                // The audience is the address that is called, so no other server can use it.
                let audience = metadata.token_endpoint.as_str();
                let assertion = key.assertion(&self.id, audience, &jti, now)?;
                let form = vec![
                    id,
                    (
                        "client_assertion_type",
                        Plain::new(ASSERTION_TYPE.to_owned()),
                    ),
                    ("client_assertion", assertion),
                ];
                ClientProof { form, basic: None }
            }
            Proof::Secret(secret) if posts_secrets(metadata) => ClientProof {
                form: vec![id, ("client_secret", secret.clone())],
                basic: None,
            },
            Proof::Secret(secret) => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                ClientProof {
                    form: Vec::new(),
                    basic: Some((encode(&self.id), Plain::new(encode(secret.reveal())))),
                }
            }
        })
    }
}

impl ClientProof {
    /// How the call authenticates.
    #[must_use]
    pub fn authorization(&self) -> Authorization<'_> {
        match &self.basic {
            Some((id, secret)) => Authorization::Basic(id, secret),
            None => Authorization::InForm,
        }
    }
}

/// Whether secrets belong into the form: only if the provider does not take them in the header, as
/// it does if it says nothing (Discovery 1.0, section 3).
fn posts_secrets(metadata: &Metadata) -> bool {
    metadata
        .list("token_endpoint_auth_methods_supported")
        .is_some_and(|methods| {
            methods.contains(&"client_secret_post") && !methods.contains(&"client_secret_basic")
        })
}
