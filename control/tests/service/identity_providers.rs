//! Signing in with an OpenID provider, below the pages: the service's client against a provider of
//! our own.

mod away;
mod check;
mod claims;
mod client;
mod documents;
mod id_token;
mod refresh;
mod request;
mod start;

use std::sync::Arc;

use portcullis::time::UnixSeconds;
use portcullis_control::config::Config;
use portcullis_control::identity_providers::error::{IdTokenFault, ProviderError};
use portcullis_control::identity_providers::identity::ProvenIdentity;
use portcullis_control::identity_providers::provider::{CallbackAnswer, Expected};
use portcullis_control::identity_providers::{IdentityProvider, IdentityProviders};
use portcullis_control::system::clock::Clock;
use portcullis_control::system::randomness::{Randomness, SystemRandomness};
use portcullis_control::tokens::secret::Plain;
use tempfile::TempDir;

use crate::harness::TestClock;
use crate::openid_provider::keys::Token;
use crate::openid_provider::{CLIENT_ID, OpenIdProvider, SECRET};

const REDIRECT_URI: &str = "https://team.example.com/callback/corp";
const NONCE: &str = "nonce-of-this-attempt";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A provider, and the service's client for it.
struct Scene {
    provider: OpenIdProvider,
    providers: IdentityProviders,
    clock: Arc<TestClock>,
    _secrets: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self::with("").await
    }

    /// With these settings on top.
    async fn with(settings: &str) -> Self {
        Self::at(OpenIdProvider::start().await, settings)
    }

    fn at(provider: OpenIdProvider, settings: &str) -> Self {
        let secrets = TempDir::new().unwrap();
        let secret = secrets.path().join("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let authentication = format!("client_secret_file = {:?}", secret.to_str().unwrap());
        let clock = Arc::new(TestClock::default());
        let toml = configuration(&provider.issuer, &format!("{authentication}\n{settings}"));
        Self {
            providers: open(&toml, &clock).unwrap(),
            provider,
            clock,
            _secrets: secrets,
        }
    }

    fn corp(&self) -> &IdentityProvider {
        self.providers.by_id("corp").unwrap()
    }

    fn now(&self) -> u64 {
        self.clock.seconds()
    }

    /// An honest ID token for this attempt.
    fn token(&self) -> Token {
        self.provider.id_token(self.now(), NONCE)
    }

    /// What comes of a sign-in whose code is redeemed for this token, signed by the first key.
    async fn sign_in(&self, token: &Token) -> Result<ProvenIdentity, ProviderError> {
        self.provider.redeems("code", token);
        self.redeem("code", None).await
    }

    /// The same with a token as it is.
    async fn sign_in_with(&self, id_token: &str) -> Result<ProvenIdentity, ProviderError> {
        self.provider.redeems_for("code", id_token);
        self.redeem("code", None).await
    }

    async fn redeem(
        &self,
        code: &str,
        fresh_since: Option<UnixSeconds>,
    ) -> Result<ProvenIdentity, ProviderError> {
        let answer = CallbackAnswer {
            code: &Plain::new(code.to_owned()),
            iss: Some(&self.provider.issuer),
        };
        let expected = Expected {
            redirect_uri: REDIRECT_URI,
            nonce: NONCE,
            code_verifier: &Plain::new(VERIFIER.to_owned()),
            fresh_since,
        };
        self.corp().sign_in(&answer, &expected).await
    }
}

/// A file with the provider `corp` at this issuer.
fn configuration(issuer: &str, settings: &str) -> String {
    format!(
        "[[identity_providers]]\nid = \"corp\"\nname = \"Corporate account\"\n\
         issuer = \"{issuer}\"\nclient_id = \"{CLIENT_ID}\"\n{settings}\n"
    )
}

/// The providers of a configuration file.
fn open(toml: &str, clock: &Arc<TestClock>) -> Result<IdentityProviders, String> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("portcullis.toml");
    std::fs::write(&file, toml).unwrap();
    let config = Config::load(Some(&file), std::iter::empty()).unwrap();
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    let random: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let opened = IdentityProviders::open(&config.identity_providers, &clock, &random);
    opened.map_err(|refused| refused.to_string())
}

/// The fault of an ID token that was refused for one.
fn fault(outcome: Result<ProvenIdentity, ProviderError>) -> IdTokenFault {
    match outcome {
        Err(ProviderError::IdToken(fault)) => fault,
        other => panic!("no fault of an ID token: {other:?}"),
    }
}

/// The fault of a claim.
fn wrong(claim: &'static str) -> IdTokenFault {
    IdTokenFault::Claim {
        claim,
        missing: false,
    }
}

fn missing(claim: &'static str) -> IdTokenFault {
    IdTokenFault::Claim {
        claim,
        missing: true,
    }
}
