//! One provider, as the rest of the service uses it.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::client::Client;
use super::documents::Documents;
use super::documents::discovery::{Metadata, discovery_url};
use super::documents::signing_keys::Asker;
use super::error::{IdTokenFault, ProviderError, RefreshError};
use super::http::Http;
use super::id_token::{self, Checks};
use super::identity::{ProvenIdentity, Refreshed, SignedEvent, claims};
use super::reporters::Reporters;
pub use super::request::{AuthorizationRequest, CallbackAnswer, Expected};
use super::settings::ProviderConfig;
use super::token_endpoint::{Grant, Tokens, redeem};
use super::user_info;
use crate::problems::InputProblems;
use crate::system::clock::Clock;
use crate::system::randomness::Randomness;
use crate::tokens::secret::Plain;

/// A configured OpenID provider.
pub struct IdentityProvider {
    settings: ProviderConfig,
    client: Client,
    reporters: Reporters,
    http: Arc<Http>,
    documents: Arc<Documents>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Randomness>,
}

impl IdentityProvider {
    /// Reads the client's secret or key. If `None`, at least one problem was noted.
    pub(super) fn open(
        (settings, clock, random): (ProviderConfig, Arc<dyn Clock>, Arc<dyn Randomness>),
        path: &str,
        problems: &mut InputProblems,
    ) -> Option<Self> {
        let client = Client::open(&settings, path, problems);
        for file in settings.files_open_to_others() {
            let file = file.display();
            tracing::warn!("{file} is readable by every user of this machine: chmod o-r");
        }
        let reporters = Reporters::open(&settings, &clock, path, problems);
        let url = discovery_url(&settings.issuer);
        let http = url.as_ref().ok_or_else(|| "is no URL".to_owned());
        let http = match http.and_then(Http::new) {
            Ok(http) => Arc::new(http),
            Err(problem) => {
                problems.add(&format!("{path}.issuer"), &settings.issuer, problem);
                return None;
            }
        };
        let parts = (Arc::clone(&http), Arc::clone(&clock));
        Some(Self {
            documents: Arc::new(Documents::new(&settings, url?, parts)),
            settings,
            client: client?,
            reporters: reporters?,
            http,
            clock,
            random,
        })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.settings.id
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// How it is configured.
    #[must_use]
    pub fn settings(&self) -> &ProviderConfig {
        &self.settings
    }

    /// This client at the provider.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Who may report about its people, apart from the provider itself.
    #[must_use]
    pub fn reporters(&self) -> &Reporters {
        &self.reporters
    }

    /// The provider's documents.
    #[must_use]
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The address at the provider to which the browser is sent.
    ///
    /// # Errors
    /// When the provider's discovery document is neither known nor can be fetched.
    pub async fn authorization_url(
        &self,
        request: &AuthorizationRequest<'_>,
    ) -> Result<String, ProviderError> {
        let metadata = self.documents.metadata().await?;
        Ok(request.url(&metadata.authorization_endpoint, &self.settings))
    }

    /// Checks `iss` of an answer at the callback (RFC 9207), also of one with an error: it must be
    /// this provider's if there is one, and there must be one if the provider always sends it.
    ///
    /// # Errors
    /// When the answer may come from another provider.
    pub async fn check_callback_issuer(&self, iss: Option<&str>) -> Result<(), ProviderError> {
        match iss {
            Some(iss) if iss == self.settings.issuer => Ok(()),
            Some(_) => Err(ProviderError::CallbackIssuer { missing: false }),
            None if self.documents.metadata().await?.sends_issuer => {
                Err(ProviderError::CallbackIssuer { missing: true })
            }
            None => Ok(()),
        }
    }

    /// Exchanges the code, and verifies who signed in. Checks `iss` of the answer first.
    ///
    /// # Errors
    /// When nobody is proven to have signed in.
    pub async fn sign_in(
        &self,
        answer: &CallbackAnswer<'_>,
        expected: &Expected<'_>,
    ) -> Result<ProvenIdentity, ProviderError> {
        self.check_callback_issuer(answer.iss).await?;
        let metadata = self.documents.metadata().await?;
        let grant = Grant::Code {
            code: answer.code,
            redirect_uri: expected.redirect_uri,
            verifier: expected.code_verifier,
        };
        let tokens = self.redeem(&metadata, &grant).await?;
        let id_token = tokens.id_token.clone().ok_or(IdTokenFault::Missing)?;
        let signed = self.documents.verify(id_token.reveal()).await?;
        let verified = id_token::verify(
            signed,
            &Checks {
                nonce: Some(expected.nonce),
                fresh_since: expected.fresh_since,
                ..self.checks(&tokens)
            },
        )?;
        let subject = verified.subject().to_owned();
        let told = (subject, verified.into_claims(), Some(id_token));
        let identity = self.describe(&metadata, &tokens, told).await?;
        Ok(ProvenIdentity {
            refresh_token: tokens.refresh_token,
            ..identity
        })
    }

    /// The address that signs the browser out at the provider and leads back (RP-Initiated Logout
    /// 1.0). `None` if the provider has none, or its discovery document is not known.
    pub async fn end_session_url(
        &self,
        id_token_hint: Option<&Plain>,
        post_logout_redirect_uri: &str,
    ) -> Option<String> {
        let known = self.documents.known_metadata();
        let metadata = match known {
            Some(metadata) => metadata,
            None => self.documents.metadata().await.ok()?,
        };
        let mut url = metadata.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", post_logout_redirect_uri);
        if let Some(hint) = id_token_hint {
            url.query_pairs_mut()
                .append_pair("id_token_hint", hint.reveal());
        }
        Some(url.into())
    }

    /// Asks whether the person to whom a refresh token belongs may still have a session.
    ///
    /// # Errors
    /// When the provider says no, or nothing is known.
    pub async fn refresh(&self, refresh_token: &Plain) -> Result<Refreshed, RefreshError> {
        let metadata = self.documents.metadata().await?;
        let grant = Grant::RefreshToken(refresh_token);
        let tokens = self.redeem(&metadata, &grant).await;
        let tokens = tokens.map_err(|error| match error {
            ProviderError::TokenRefused { code } if code.as_str() == "invalid_grant" => {
                RefreshError::InvalidGrant
            }
            error => error.into(),
        })?;
        Ok(Refreshed { metadata, tokens })
    }

    /// The person as a refresh describes them; `None` if it says nothing about them. A claim that the
    /// provider tells only at a sign-in is missing.
    ///
    /// # Errors
    /// When the description cannot be used.
    pub async fn describe_again(
        &self,
        Refreshed { metadata, tokens }: &Refreshed,
        subject: &str,
    ) -> Result<Option<ProvenIdentity>, ProviderError> {
        let claims = match &tokens.id_token {
            Some(id_token) => {
                let signed = self.documents.verify(id_token.reveal()).await?;
                let verified = id_token::verify(signed, &self.checks(tokens))?;
                // OpenID Connect Core 1.0, section 12.2.
                if verified.subject() != subject {
                    return Err(ProviderError::UserInfoSubject);
                }
                Some(verified.into_claims())
            }
            None => None,
        };
        let can_ask = metadata.userinfo_endpoint.is_some() && tokens.access_token.is_some();
        if claims.is_none() && !can_ask {
            return Ok(None);
        }
        let told = (
            subject.to_owned(),
            claims.unwrap_or_default(),
            tokens.id_token.clone(),
        );
        self.describe(metadata, tokens, told).await.map(Some)
    }

    /// Verifies signature, `iss` and `aud` of a logout token or security event of this provider.
    /// Everything else is the caller's: `typ`, `events`, `iat`, `jti`, and that there is no `nonce`.
    ///
    /// # Errors
    /// When it is not this provider's, or not for this client.
    pub async fn verify_signed_event(
        &self,
        token: &str,
        asker: Asker,
    ) -> Result<SignedEvent, ProviderError> {
        let signed = self.documents.verify_for(token, asker).await?;
        let (issuer, client_id) = (&self.settings.issuer, &self.settings.client_id);
        id_token::for_client(&signed.claims, issuer, client_id)?;
        Ok(SignedEvent {
            typ: signed.typ,
            claims: signed.claims,
        })
    }

    async fn redeem(
        &self,
        metadata: &Metadata,
        grant: &Grant<'_>,
    ) -> Result<Tokens, ProviderError> {
        let now = self.clock.now_seconds();
        let proof = self.client.prove(metadata, now, self.random.as_ref())?;
        redeem(&self.http, metadata, &proof, grant).await
    }

    fn checks<'a>(&'a self, tokens: &'a Tokens) -> Checks<'a> {
        Checks {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            now: self.clock.now_seconds(),
            nonce: None,
            access_token: tokens.access_token.as_ref(),
            fresh_since: None,
        }
    }

    /// The person whom verified claims describe. The UserInfo endpoint is asked for what is missing.
    async fn describe(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        (subject, mut told, id_token): (String, Map<String, Value>, Option<Plain>),
    ) -> Result<ProvenIdentity, ProviderError> {
        if claims::is_incomplete(&told, &self.settings)
            && let (Some(url), Some(access_token)) =
                (&metadata.userinfo_endpoint, &tokens.access_token)
        {
            let more = user_info::claims(&self.http, url, access_token, &subject).await?;
            claims::complete(&mut told, more);
        }
        claims::identity(&self.settings, subject, &told, id_token)
    }
}
