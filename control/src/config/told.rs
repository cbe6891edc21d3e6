//! What the audit log tells of the configuration: every setting that is no secret and no place of this
//! machine alone, such as listeners and files, which differ between replicas.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Config;
use crate::identity_providers::settings::ProviderConfig;
use crate::sessions::durations::to_text;
use crate::tokens::signing_key::algorithm_name;

impl Config {
    /// The settings, by their names in the file. Applications have events of their own.
    #[must_use]
    pub fn told(&self) -> Map<String, Value> {
        let duration = |of: Option<Duration>| of.map(to_text);
        let networks = self.server.trusted_proxies.iter();
        let networks: Vec<String> = networks.map(ToString::to_string).collect();
        let mut told = Map::new();
        let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
        let team_domain = self.server.team_domain.as_ref();
        tell(
            "server.team_domain",
            json!(team_domain.map(ToString::to_string)),
        );
        tell("server.trusted_proxies", json!(networks));
        tell("server.demo", json!(self.server.demo));
        let sessions = &self.sessions;
        tell(
            "sessions.global_duration",
            json!(duration(sessions.global_duration)),
        );
        let block = duration(Some(sessions.login_block_after_revoke));
        tell("sessions.login_block_after_revoke", json!(block));
        tell("keys.algorithm", json!(algorithm_name(self.keys.algorithm)));
        tell("keys.rotate_every", json!(duration(self.keys.rotate_every)));
        tell("audit.retention", json!(duration(self.audit.retention)));
        let sign_in = self.sign_in;
        tell("sign_in.passwords", json!(sign_in.passwords));
        tell(
            "sign_in.failures_per_email",
            json!(sign_in.failures_per_email),
        );
        tell(
            "sign_in.failures_per_address",
            json!(sign_in.failures_per_address),
        );
        for one in &self.identity_providers {
            tell(&format!("identity_providers.{}", one.id), provider(one));
        }
        for group in &self.access_groups {
            tell(&format!("access_groups.{}", group.name), json!(group));
        }
        told
    }
}

fn provider(one: &ProviderConfig) -> Value {
    let domains = one.email_domains.iter().map(|domain| domain.ascii.as_str());
    json!({
        "name": one.name,
        "issuer": one.issuer,
        "client_id": one.client_id,
        "scopes": one.scopes,
        "groups_claim": one.groups_claim,
        "claims": one.claims,
        "email_domains": domains.collect::<Vec<_>>(),
        "trust_email": one.trust_email,
        "link_by_email": one.link_by_email,
        "recheck": one.recheck.map(to_text),
        "default": one.default,
    })
}
