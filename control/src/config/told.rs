//! What the audit log tells of the configuration: every setting that is no secret and no place of this
//! machine alone, such as listeners and files, which differ between replicas.
//!
//! Settings are taken apart without `..`, so a new one does not compile until it is told or left out.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Config;
use super::settings::{
    AuditConfig, DashboardConfig, KeysConfig, ServerConfig, SessionsConfig, SignInConfig,
};
use crate::identity_providers::settings::{
    ClientAuthentication, ProviderConfig, ResponseMode, TransmitterConfig,
};
use crate::sessions::durations::to_text;
use crate::tokens::signing_key::algorithm_name;

impl Config {
    /// The settings, by their names in the file.
    #[must_use]
    pub fn told(&self) -> Map<String, Value> {
        let Self {
            server,
            // It differs between replicas where each has its own way to the database.
            database: _,
            sessions,
            keys,
            audit,
            sign_in,
            dashboard,
            identity_providers,
            // These have events of their own.
            access_groups: _,
            applications: _,
        } = self;
        let AuditConfig { retention } = audit;
        let SignInConfig {
            passwords,
            failures_per_email,
            failures_per_address,
        } = sign_in;
        let mut told = Map::new();
        told.extend(of_server(server));
        told.extend(of_sessions(sessions));
        told.extend(of_keys(keys));
        told.extend(named([
            ("audit.retention", json!(duration(*retention))),
            ("sign_in.passwords", json!(passwords)),
            ("sign_in.failures_per_email", json!(failures_per_email)),
            ("sign_in.failures_per_address", json!(failures_per_address)),
        ]));
        told.extend(of_dashboard(dashboard));
        for one in identity_providers {
            told.insert(format!("identity_providers.{}", one.id), provider(one));
        }
        told
    }
}

fn named<const N: usize>(settings: [(&str, Value); N]) -> [(String, Value); N] {
    settings.map(|(name, value)| (name.to_owned(), value))
}

fn duration(duration: Option<Duration>) -> Option<String> {
    duration.map(to_text)
}

fn of_server(server: &ServerConfig) -> [(String, Value); 3] {
    let ServerConfig {
        listen: _,
        filters: _,
        metrics: _,
        team_domain,
        trusted_proxies,
        demo,
    } = server;
    let team_domain = team_domain.as_ref().map(ToString::to_string);
    let proxies = trusted_proxies.iter().map(ToString::to_string);
    named([
        ("server.team_domain", json!(team_domain)),
        (
            "server.trusted_proxies",
            json!(proxies.collect::<Vec<String>>()),
        ),
        ("server.demo", json!(demo)),
    ])
}

fn of_sessions(sessions: &SessionsConfig) -> [(String, Value); 2] {
    let SessionsConfig {
        global_duration,
        login_block_after_revoke,
    } = sessions;
    named([
        (
            "sessions.global_duration",
            json!(duration(*global_duration)),
        ),
        (
            "sessions.login_block_after_revoke",
            json!(to_text(*login_block_after_revoke)),
        ),
    ])
}

fn of_keys(keys: &KeysConfig) -> [(String, Value); 2] {
    let KeysConfig {
        algorithm,
        rotate_every,
        seal: _,
    } = keys;
    named([
        ("keys.algorithm", json!(algorithm_name(*algorithm))),
        ("keys.rotate_every", json!(duration(*rotate_every))),
    ])
}

fn of_dashboard(dashboard: &DashboardConfig) -> [(String, Value); 5] {
    let DashboardConfig {
        enabled,
        source_ranges,
        administrators,
        help_desk,
        viewers,
    } = dashboard;
    let ranges = source_ranges.iter().map(ToString::to_string);
    named([
        ("dashboard.enabled", json!(enabled)),
        (
            "dashboard.source_ranges",
            json!(ranges.collect::<Vec<String>>()),
        ),
        ("dashboard.administrators", json!(administrators)),
        ("dashboard.help_desk", json!(help_desk)),
        ("dashboard.viewers", json!(viewers)),
    ])
}

fn provider(one: &ProviderConfig) -> Value {
    let ProviderConfig {
        id: _,
        name,
        issuer,
        client_id,
        client_authentication,
        scopes,
        response_mode,
        groups_claim,
        claims,
        email_domains,
        trust_email,
        link_by_email,
        recheck,
        default,
        global_token_revocation,
        events,
    } = one;
    let domains = email_domains.iter().map(|domain| domain.ascii.as_str());
    json!({
        "name": name,
        "issuer": issuer,
        "client_id": client_id,
        "client_authentication": kind(client_authentication),
        "scopes": scopes,
        "response_mode": response_mode.map(ResponseMode::name),
        "groups_claim": groups_claim,
        "claims": claims,
        "email_domains": domains.collect::<Vec<_>>(),
        "trust_email": trust_email,
        "link_by_email": link_by_email,
        "recheck": duration(*recheck),
        "default": default,
        "global_token_revocation": global_token_revocation.is_some(),
        "events": events.iter().map(transmitter).collect::<Vec<_>>(),
    })
}

/// Where the secret or the key is, may differ between replicas.
fn kind(authentication: &ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::Secret(_) => "client_secret",
        ClientAuthentication::PrivateKeyFile(_) => "private_key_jwt",
    }
}

fn transmitter(one: &TransmitterConfig) -> Value {
    let TransmitterConfig {
        issuer,
        audience,
        token,
    } = one;
    json!({ "issuer": issuer, "audience": audience, "demands_token": token.is_some() })
}
