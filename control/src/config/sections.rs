//! The sections of the file, each from its table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::settings::{
    AuditConfig, DatabaseConfig, KeysConfig, SealConfig, ServerConfig, SessionsConfig, SignInConfig,
};
use super::values::{self, Table, count, flag, text, texts};
use portcullis::session::signature::Algorithm;
use serde_json::Value;

use crate::applications::check::{CheckContext, check};
use crate::applications::conflicts::{Claim, find_conflicts};
use crate::applications::{BypassDraft, Definition, Draft};
use crate::policy::check::access_group::access_group;
use crate::policy::check::context::Names;
use crate::policy::rules::AccessGroup;
use crate::sessions::durations::Bounds;
use crate::tokens::signing_key::{ALGORITHM_NAMES, algorithm_of};

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081);
const FILTERS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8082);
const DEFAULT_BLOCK: Duration = Duration::from_secs(60);
const DEFAULT_ROTATION: Duration = Duration::from_secs(6 * 7 * 24 * 60 * 60);
const DEFAULT_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const DEFAULT_FAILURES_PER_EMAIL: u32 = 10;
const DEFAULT_FAILURES_PER_ADDRESS: u32 = 60;

/// `[server]`.
pub fn server(mut table: Table<'_>) -> Option<ServerConfig> {
    let listen = values::address(&mut table, "listen", LISTEN);
    let filters = values::address(&mut table, "filters", FILTERS);
    let metrics = values::optional_address(&mut table, "metrics");
    let team_domain = values::origin(&mut table, "team_domain");
    let trusted_proxies = values::networks(&mut table, "trusted_proxies");
    let demo = table.given("demo", flag).unwrap_or(false);
    table.finish();
    let (listen, filters, metrics) = (listen?, filters?, metrics?);
    if listen == filters && listen.port() != 0 {
        let message = "must differ from server.listen: filters have their own listener";
        let path = table.path_of("filters");
        table.problems().add(&path, filters, message);
    }
    if let Some(metrics) = metrics
        && metrics.port() != 0
        && [listen, filters].contains(&metrics)
    {
        let message = "must differ from server.listen and server.filters: metrics need no \
                       credential, so they have their own listener";
        let path = table.path_of("metrics");
        table.problems().add(&path, metrics, message);
    }
    Some(ServerConfig {
        listen,
        filters,
        metrics,
        team_domain: team_domain?,
        trusted_proxies,
        demo,
    })
}

/// `[database]`.
pub fn database(mut table: Table<'_>) -> Option<DatabaseConfig> {
    let url = table.given("url", text);
    table.finish();
    let known = ["sqlite://", "postgres://", "postgresql://"];
    if url
        .as_ref()
        .is_some_and(|url| !known.iter().any(|scheme| url.starts_with(scheme)))
    {
        let path = table.path_of("url");
        // Without the value: it may hold a password.
        table
            .problems()
            .add(&path, "", "must begin with sqlite:// or postgres://");
        return None;
    }
    Some(DatabaseConfig { url })
}

/// `[sessions]`.
pub fn sessions(mut table: Table<'_>, demo: bool) -> Option<SessionsConfig> {
    let mut duration = |name: &'static str, bounds: Bounds| {
        let text = table.given(name, values::duration)?;
        let path = table.path_of(name);
        Some(bounds.parse(&path, &text, table.problems()))
    };
    let global = duration("global_duration", Bounds::of_sessions(demo));
    let block = duration("login_block_after_revoke", Bounds::of_block());
    table.finish();
    Some(SessionsConfig {
        global_duration: match global {
            None => None,
            Some(duration) => Some(duration?),
        },
        login_block_after_revoke: block.unwrap_or(Some(DEFAULT_BLOCK))?,
    })
}

/// `[keys]`.
pub fn keys(mut table: Table<'_>) -> Option<KeysConfig> {
    let algorithm = table.given("algorithm", |value| {
        algorithm_of(&text(value)?).ok_or_else(|| ALGORITHM_NAMES.to_owned())
    });
    let rotate_every = match table.given("rotate_every", values::duration) {
        Some(text) => {
            let path = table.path_of("rotate_every");
            Bounds::of_rotation().parse(&path, &text, table.problems())
        }
        None => Some(DEFAULT_ROTATION),
    };
    let seal = seal(&mut table);
    table.finish();
    Some(KeysConfig {
        algorithm: algorithm.unwrap_or(Algorithm::Es256),
        rotate_every: Some(rotate_every?).filter(|every| !every.is_zero()),
        seal: seal?,
    })
}

/// `[keys] seal`. `None` means a problem, `Some(None)` an absent field.
fn seal(keys: &mut Table<'_>) -> Option<Option<SealConfig>> {
    const ONE: &str =
        "must be a table with either `file`, a path, or `env`, the name of a variable";
    let given = keys.given("seal", |value| Ok(value.is_object()));
    let path = keys.path_of("seal");
    match given {
        None => return Some(None),
        // Without the value: it may be a key.
        Some(false) => {
            keys.problems().add(&path, "", ONE);
            return None;
        }
        Some(true) => {}
    }
    let mut table = keys.optional_object("seal");
    let file = table.given("file", text);
    let variable = table.given("env", text);
    table.finish();
    let seal = match (file, variable) {
        (Some(file), None) => Some(SealConfig::File(file.into())),
        (None, Some(name)) => Some(SealConfig::Environment(name)),
        _ => None,
    };
    if seal.is_none() {
        keys.problems().add(&path, "", ONE);
    }
    seal.map(Some)
}

/// `[audit]`.
pub fn audit(mut table: Table<'_>) -> Option<AuditConfig> {
    let retention = match table.given("retention", values::duration) {
        Some(text) => {
            let path = table.path_of("retention");
            Bounds::of_audit().parse(&path, &text, table.problems())
        }
        None => Some(DEFAULT_RETENTION),
    };
    table.finish();
    Some(AuditConfig {
        retention: Some(retention?).filter(|retention| !retention.is_zero()),
    })
}

/// `[sign_in]`. `has_providers`: whether people can sign in with an identity provider.
pub fn sign_in(mut table: Table<'_>, has_providers: bool) -> Option<SignInConfig> {
    let passwords = table.given("passwords", flag).unwrap_or(!has_providers);
    let email = table.given("failures_per_email", count);
    let address = table.given("failures_per_address", count);
    table.finish();
    if !passwords && !has_providers {
        let path = table.path_of("passwords");
        let message = "nobody could sign in: add [[identity_providers]], or leave passwords on";
        table.problems().add(&path, passwords, message);
        return None;
    }
    Some(SignInConfig {
        passwords,
        failures_per_email: email.unwrap_or(DEFAULT_FAILURES_PER_EMAIL),
        failures_per_address: address.unwrap_or(DEFAULT_FAILURES_PER_ADDRESS),
    })
}

/// `[[access_groups]]`. `None` means a problem.
pub fn access_groups(root: &mut Table<'_>, names: Names<'_>) -> Option<Vec<AccessGroup>> {
    let mut used: Vec<String> = Vec::new();
    let groups = root.objects("access_groups", |mut table| {
        let group = access_group(&mut table, names)?;
        if used.contains(&group.name) {
            let path = table.path_of("name");
            table.problems().add(&path, &group.name, "is used twice");
            return None;
        }
        used.push(group.name.clone());
        Some(group)
    });
    groups.into_iter().collect()
}

/// `[[applications]]`.
pub fn applications(root: &mut Table<'_>, demo: bool, names: Names<'_>) -> Option<Vec<Definition>> {
    let mut used: Vec<String> = Vec::new();
    let checked = root.objects("applications", |mut table| {
        let draft = application(&mut table);
        let path = table.path().to_owned();
        let context = CheckContext {
            path: &path,
            demo,
            names,
        };
        let definition = check(draft, context, table.problems())?;
        if used.contains(&definition.name) {
            let path = table.path_of("name");
            table
                .problems()
                .add(&path, &definition.name, "is used twice");
        }
        used.push(definition.name.clone());
        Some((path, definition))
    });
    let complete = checked.iter().all(Option::is_some);
    let checked: Vec<(String, Definition)> = checked.into_iter().flatten().collect();
    let claims: Vec<Claim<'_>> = checked
        .iter()
        .map(|(path, definition)| Claim::new(path, definition))
        .collect();
    find_conflicts(&claims, root.problems());
    let definitions = checked.into_iter().map(|(_, definition)| definition);
    complete.then(|| definitions.collect())
}

fn application(table: &mut Table<'_>) -> Draft {
    let draft = Draft {
        name: table.given("name", text),
        origins: texts(table, "origins"),
        session_duration: table.given("session_duration", values::duration),
        http_only: table.given("http_only", flag),
        same_site: table.given("same_site", text),
        partitioned: table.given("partitioned", flag),
        binding_cookie: table.given("binding_cookie", flag),
        header_tokens: table.given("header_tokens", flag),
        refresh_in_request: table.given("refresh_in_request", text),
        preflight: table.given("preflight", text),
        cors_origins: texts(table, "cors_origins"),
        escaped_slashes: table.given("escaped_slashes", text),
        keep_override_headers: table.given("keep_override_headers", flag),
        bypass: Some(table.objects("bypass", bypass)),
        upstream: table.given("upstream", text),
        policy: table.given("policy", list),
        forward_groups: table.given("forward_groups", |value| Ok(value.clone())),
    };
    table.finish();
    draft
}

fn bypass(mut table: Table<'_>) -> BypassDraft {
    let draft = BypassDraft {
        path: table.given("path", text).unwrap_or_default(),
        matching: table.given("match", text),
        methods: texts(&mut table, "methods"),
    };
    table.finish();
    draft
}

/// The elements of a list, which are checked later.
fn list(value: &Value) -> Result<Vec<Value>, String> {
    let list = value.as_array().cloned();
    list.ok_or_else(|| "must be a list of tables".to_owned())
}
