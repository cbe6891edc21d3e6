//! What is looked at in a discovery document and in keys.

use serde::Serialize;

use super::super::client::Client;
use super::super::documents::discovery::Metadata;
use super::super::jose::keys::{ACCEPTED, Keys, name};
use super::super::settings::{ProviderConfig, ResponseMode};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// Whether it fits.
    pub result: Fit,
    /// What was found, and what to do.
    pub message: String,
}

/// Whether something fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// It does.
    Ok,
    /// It works, and something is worth knowing.
    Note,
    /// It must be changed.
    Problem,
}

/// All findings, in the order in which they were made.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    pub fn into_all(self) -> Vec<Finding> {
        self.0
    }

    pub fn ok(&mut self, check: &'static str, message: String) {
        self.add(check, Fit::Ok, message);
    }

    pub fn note(&mut self, check: &'static str, message: String) {
        self.add(check, Fit::Note, message);
    }

    pub fn problem(&mut self, check: &'static str, message: String) {
        self.add(check, Fit::Problem, message);
    }

    fn add(&mut self, check: &'static str, result: Fit, message: String) {
        self.0.push(Finding {
            check,
            result,
            message,
        });
    }

    pub fn keys(&mut self, keys: &Keys) {
        let names: Vec<&str> = keys.algorithms().into_iter().map(name).collect();
        if names.is_empty() {
            let message = format!("has no key for any of {}", accepted());
            self.problem("keys", message);
        } else {
            self.ok("keys", format!("has keys for {}", names.join(", ")));
        }
    }

    /// What a sign-in does not work without.
    pub fn required(
        &mut self,
        settings: &ProviderConfig,
        client: Option<&Client>,
        metadata: &Metadata,
    ) {
        self.algorithms(metadata);
        self.one_of(metadata, "code flow", "response_types_supported", "code");
        self.pkce(metadata);
        if let Some(client) = client {
            let methods = "token_endpoint_auth_methods_supported";
            self.one_of(metadata, "client", methods, client.method(metadata));
            if let Some(key) = client.key() {
                let algorithms = "token_endpoint_auth_signing_alg_values_supported";
                self.one_of(metadata, "client", algorithms, key.algorithm());
            }
        }
        if let Some(ResponseMode::FormPost) = settings.response_mode {
            let mode = ResponseMode::FormPost.name();
            self.one_of(metadata, "response mode", "response_modes_supported", mode);
        }
    }

    fn algorithms(&mut self, metadata: &Metadata) {
        const FIELD: &str = "id_token_signing_alg_values_supported";
        let Some(offered) = metadata.list(FIELD) else {
            return self.note("algorithms", format!("`{FIELD}` is missing"));
        };
        let usable: Vec<&str> = ACCEPTED.into_iter().map(name).collect();
        let usable: Vec<&str> = usable
            .into_iter()
            .filter(|name| offered.contains(name))
            .collect();
        if usable.is_empty() {
            let message = format!("signs ID tokens by none of {}", accepted());
            self.problem("algorithms", message);
        } else {
            let message = format!("signs ID tokens by {}", usable.join(", "));
            self.ok("algorithms", message);
        }
    }

    fn pkce(&mut self, metadata: &Metadata) {
        match metadata.list("code_challenge_methods_supported") {
            Some(methods) if methods.contains(&"S256") => {
                self.ok("PKCE", "knows S256".to_owned());
            }
            Some(_) => self.problem("PKCE", "does not know S256".to_owned()),
            None => self.note(
                "PKCE",
                "does not say whether it knows S256, which is always sent".to_owned(),
            ),
        }
    }

    /// A list that must contain a value, if it is there.
    fn one_of(&mut self, metadata: &Metadata, check: &'static str, field: &str, value: &str) {
        match metadata.list(field) {
            None => {}
            Some(list) if list.contains(&value) => self.ok(check, format!("accepts {value}")),
            Some(_) => self.problem(check, format!("`{field}` does not contain {value}")),
        }
    }

    /// What a sign-in works without.
    pub fn optional(&mut self, settings: &ProviderConfig, metadata: &Metadata) {
        self.scopes(settings, metadata);
        self.claims(settings, metadata);
        let yes_or_note = |yes: bool, is: &str, is_not: &str| {
            let text = if yes { is } else { is_not };
            (if yes { Fit::Ok } else { Fit::Note }, text.to_owned())
        };
        for (check, (result, message)) in [
            (
                "`iss` in responses",
                yes_or_note(
                    metadata.sends_issuer,
                    "is always sent, and demanded",
                    "is not announced; the callback of its own tells this provider's answers from \
                     those of others",
                ),
            ),
            (
                "sign-out",
                yes_or_note(
                    metadata.end_session_endpoint.is_some(),
                    "is offered at the provider as well",
                    "is not offered at the provider: people stay signed in there",
                ),
            ),
            (
                "back-channel logout",
                yes_or_note(
                    metadata.says("backchannel_logout_supported"),
                    "is offered: register the URI above",
                    "is not offered: a session that ends at the provider ends here by `recheck`, or \
                     when it expires",
                ),
            ),
        ] {
            self.add(check, result, message);
        }
    }

    fn scopes(&mut self, settings: &ProviderConfig, metadata: &Metadata) {
        if let Some(known) = metadata.list("scopes_supported") {
            for scope in &settings.scopes {
                if !known.contains(&scope.as_str()) {
                    let message = format!("`scopes_supported` does not contain {scope}");
                    self.note("scopes", message);
                }
            }
        }
        let offline = settings
            .scopes
            .iter()
            .any(|scope| scope == "offline_access");
        if settings.recheck.is_some() && !offline {
            self.note(
                "recheck",
                "needs a refresh token, which most providers issue only for the scope \
                 offline_access"
                    .to_owned(),
            );
        }
    }

    fn claims(&mut self, settings: &ProviderConfig, metadata: &Metadata) {
        let Some(known) = metadata.list("claims_supported") else {
            return;
        };
        let is_known = |claim: &str| {
            let first = claim.split('.').next().unwrap_or(claim);
            known.contains(&claim) || known.contains(&first)
        };
        let verifies = is_known("email_verified") || is_known("xms_edov");
        if !verifies && !settings.trust_email {
            self.note(
                "claims",
                "`claims_supported` does not contain email_verified: unless it is sent all the \
                 same, nobody can sign in without trust_email = true"
                    .to_owned(),
            );
        }
        let configured = settings.groups_claim.iter().chain(&settings.claims);
        for claim in configured.filter(|claim| !is_known(claim)) {
            let message = format!("`claims_supported` does not contain {claim}");
            self.note("claims", message);
        }
    }
}

fn accepted() -> String {
    ACCEPTED.map(name).join(", ")
}
