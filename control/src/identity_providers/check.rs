//! What fits and what does not between this service and a provider: `provider check`.

mod findings;

use std::sync::Arc;

use portcullis::protocol::origin::Origin;
use serde::Serialize;
use serde_json::Value;

use super::client::Client;
use super::documents::Documents;
use super::documents::discovery::discovery_url;
use super::error::ProviderError;
use super::http::Http;
use super::settings::{ClientAuthentication, ProviderConfig, SecretPlace};
use crate::problems::InputProblems;
use crate::system::clock::Clock;
use findings::Findings;
pub use findings::{Finding, Fit};

/// What was found out about a provider. Holds no secret.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Its id.
    pub id: String,
    /// Its issuer.
    pub issuer: String,
    /// Whether nothing must be changed.
    pub ok: bool,
    /// What must be registered at the provider.
    pub register: Register,
    /// What fits and what does not.
    pub findings: Vec<Finding>,
}

/// What must be registered at the provider.
#[derive(Debug, Serialize)]
pub struct Register {
    /// Where it sends browsers back.
    pub redirect_uri: String,
    /// Where it sends browsers back that signed out there (RP-Initiated Logout 1.0).
    pub post_logout_redirect_uri: String,
    /// Where it reports that a session ended (Back-Channel Logout 1.0).
    pub backchannel_logout_uri: String,
    /// The public key of `private_key_jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Value>,
}

/// Calls the provider, and looks at all that it says about itself.
pub async fn check(
    settings: &ProviderConfig,
    team_domain: &Origin,
    clock: &Arc<dyn Clock>,
) -> Report {
    let mut findings = Findings::default();
    let client = open_client(settings, &mut findings);
    if let Some(documents) = open_documents(settings, clock, &mut findings) {
        look(settings, client.as_ref(), &documents, &mut findings).await;
    }
    Report {
        id: settings.id.clone(),
        issuer: settings.issuer.clone(),
        ok: findings.all().iter().all(|one| one.result != Fit::Problem),
        register: Register {
            redirect_uri: settings.redirect_uri(team_domain),
            post_logout_redirect_uri: settings.post_logout_redirect_uri(team_domain),
            backchannel_logout_uri: settings.backchannel_logout_uri(team_domain),
            public_key: client.and_then(|client| Some(client.key()?.public_jwk())),
        },
        findings: findings.into_all(),
    }
}

fn open_client(settings: &ProviderConfig, findings: &mut Findings) -> Option<Client> {
    const CHECK: &str = "client";
    let mut problems = InputProblems::default();
    let client = Client::open(settings, "", &mut problems);
    match (&client, &settings.client_authentication, problems.finish()) {
        (Some(client), _, _) => {
            let how = client.key().map_or("a secret".to_owned(), |key| {
                format!("private_key_jwt with {}", key.algorithm())
            });
            findings.ok(CHECK, format!("authenticates with {how}"));
        }
        // The service may have another environment than this shell.
        (None, ClientAuthentication::Secret(SecretPlace::Env(name)), _) => findings.note(
            CHECK,
            format!("{name} is not set here, or is no secret; the service needs it"),
        ),
        (None, _, Err(refused)) => findings.problem(CHECK, refused.one_line()),
        (None, _, Ok(())) => {}
    }
    for file in settings.files_open_to_others() {
        let file = file.display();
        let message = format!("{file} is readable by every user of this machine: chmod o-r");
        findings.note("secrets", message);
    }
    client
}

fn open_documents(
    settings: &ProviderConfig,
    clock: &Arc<dyn Clock>,
    findings: &mut Findings,
) -> Option<Documents> {
    let url = discovery_url(&settings.issuer)?;
    match Http::new(&url) {
        Ok(http) => {
            let parts = (Arc::new(http), Arc::clone(clock));
            Some(Documents::new(settings, url, parts))
        }
        Err(problem) => {
            findings.problem("discovery", problem);
            None
        }
    }
}

async fn look(
    settings: &ProviderConfig,
    client: Option<&Client>,
    documents: &Documents,
    findings: &mut Findings,
) {
    let metadata = match documents.metadata().await {
        Ok(metadata) => metadata,
        Err(error) => {
            findings.problem("discovery", explained(&error));
            return;
        }
    };
    findings.ok("discovery", "names the configured issuer".to_owned());
    match documents.keys().await {
        Ok(keys) => findings.keys(&keys),
        Err(error) => findings.problem("keys", explained(&error)),
    }
    findings.required(settings, client, &metadata);
    findings.optional(settings, &metadata);
}

/// An error, and what to do about the most frequent ones.
fn explained(error: &ProviderError) -> String {
    let text = error.to_string();
    let hint = if text.contains("UnknownIssuer") {
        "\nThe certificate is signed by an authority that is not trusted here: add the authority to \
         the system's store, or name a file with all trusted authorities in SSL_CERT_FILE, here and \
         for the service"
    } else if text.contains("status 404") {
        "\nThere is nothing at this address: is the issuer complete, with its path?"
    } else if text.contains("is configured; they must be equal") {
        "\nIf that is the right provider, configure the issuer as the document names it"
    } else {
        ""
    };
    format!("{text}{hint}")
}
