//! The sections of the file, each from its table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use portcullis::protocol::origin::{Origin, is_loopback};

use super::reader::Reader;
use super::settings::{DatabaseConfig, ServerConfig, SessionsConfig, SignInConfig};
use crate::applications::check::{CheckContext, check};
use crate::applications::conflicts::{Claim, find_conflicts};
use crate::applications::{BypassDraft, Definition, Draft};
use crate::policy::draft::RuleDraft;
use crate::problems::InputProblems;
use crate::sessions::durations::Bounds;

const DEFAULT_BLOCK: Duration = Duration::from_secs(60);
const DEFAULT_FAILURES_PER_EMAIL: u32 = 10;
const DEFAULT_FAILURES_PER_ADDRESS: u32 = 60;
const ADDRESS: &str = "an address with a port, such as 127.0.0.1:8081";

/// `[server]`.
pub fn server(mut reader: Reader, problems: &mut InputProblems) -> Option<ServerConfig> {
    let listen = address(&mut reader, "listen", 8081, problems);
    let filters = address(&mut reader, "filters", 8082, problems);
    let listen_path = reader.at("filters");
    let team_domain = team_domain(&mut reader, problems);
    let trusted_proxies = trusted_proxies(&mut reader, problems);
    let demo = reader.flag("demo", problems).unwrap_or(false);
    reader.finish(problems);
    let (listen, filters) = (listen?, filters?);
    if listen == filters && listen.port() != 0 {
        let message = "must differ from server.listen: filters have their own listener";
        problems.add(&listen_path, filters, message);
    }
    Some(ServerConfig {
        listen,
        filters,
        team_domain: team_domain?,
        trusted_proxies,
        demo,
    })
}

fn address(
    reader: &mut Reader,
    field: &str,
    port: u16,
    problems: &mut InputProblems,
) -> Option<SocketAddr> {
    if reader.has(field) {
        reader.parsed(field, ADDRESS, problems)
    } else {
        Some((IpAddr::V4(Ipv4Addr::LOCALHOST), port).into())
    }
}

/// `None` means a problem, `Some(None)` an absent field.
fn team_domain(reader: &mut Reader, problems: &mut InputProblems) -> Option<Option<Origin>> {
    if !reader.has("team_domain") {
        return Some(None);
    }
    let path = reader.at("team_domain");
    let text = reader.text("team_domain", problems)?;
    match text.parse::<Origin>() {
        Ok(origin) if origin.is_https() || is_loopback(origin.hostname()) => Some(Some(origin)),
        Ok(_) => {
            problems.add(
                &path,
                text,
                "must be https; http is only allowed for localhost, *.localhost and 127.0.0.1",
            );
            None
        }
        Err(error) => {
            problems.add(&path, text, error);
            None
        }
    }
}

fn trusted_proxies(reader: &mut Reader, problems: &mut InputProblems) -> Vec<IpNet> {
    let path = reader.at("trusted_proxies");
    let texts = reader
        .texts("trusted_proxies", problems)
        .unwrap_or_default();
    let mut networks = Vec::new();
    for (index, text) in texts.into_iter().enumerate() {
        let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
        match text.parse::<IpNet>().ok().or_else(single) {
            Some(network) => networks.push(network),
            None => {
                let message = "must be a network or an address, such as 10.0.0.0/8";
                problems.add(&format!("{path}[{index}]"), text, message);
            }
        }
    }
    networks
}

/// `[database]`.
pub fn database(mut reader: Reader, problems: &mut InputProblems) -> Option<DatabaseConfig> {
    let path = reader.at("url");
    let url = reader.text("url", problems);
    reader.finish(problems);
    let known = ["sqlite://", "postgres://", "postgresql://"];
    if url
        .as_ref()
        .is_some_and(|url| !known.iter().any(|scheme| url.starts_with(scheme)))
    {
        // Without the value: it may hold a password.
        problems.add(&path, "", "must begin with sqlite:// or postgres://");
        return None;
    }
    Some(DatabaseConfig { url })
}

/// `[sessions]`.
pub fn sessions(
    mut reader: Reader,
    demo: bool,
    problems: &mut InputProblems,
) -> Option<SessionsConfig> {
    let mut duration = |field: &str, bounds: Bounds| {
        let path = reader.at(field);
        let text = reader.duration(field, problems);
        text.map(|text| bounds.parse(&path, &text, problems))
    };
    let global = duration("global_duration", Bounds::of_sessions(demo));
    let block = duration("login_block_after_revoke", Bounds::of_block());
    reader.finish(problems);
    Some(SessionsConfig {
        global_duration: match global {
            None => None,
            Some(duration) => Some(duration?),
        },
        login_block_after_revoke: block.unwrap_or(Some(DEFAULT_BLOCK))?,
    })
}

/// `[sign_in]`.
pub fn sign_in(mut reader: Reader, problems: &mut InputProblems) -> Option<SignInConfig> {
    let email = reader.count("failures_per_email", problems);
    let address = reader.count("failures_per_address", problems);
    reader.finish(problems);
    Some(SignInConfig {
        failures_per_email: email.unwrap_or(DEFAULT_FAILURES_PER_EMAIL),
        failures_per_address: address.unwrap_or(DEFAULT_FAILURES_PER_ADDRESS),
    })
}

/// `[[applications]]`.
pub fn applications(
    readers: Vec<Reader>,
    demo: bool,
    problems: &mut InputProblems,
) -> Option<Vec<Definition>> {
    let count = readers.len();
    let mut paths = Vec::new();
    let mut definitions: Vec<Definition> = Vec::new();
    for reader in readers {
        let path = reader.path().to_owned();
        let draft = application(reader, problems);
        let context = CheckContext { path: &path, demo };
        let Some(definition) = check(draft, context, problems) else {
            continue;
        };
        if definitions
            .iter()
            .any(|other| other.name == definition.name)
        {
            problems.add(&format!("{path}.name"), &definition.name, "is used twice");
        }
        paths.push(path);
        definitions.push(definition);
    }
    let claims: Vec<Claim<'_>> = paths
        .iter()
        .zip(&definitions)
        .map(|(path, definition)| Claim::new(path, definition))
        .collect();
    find_conflicts(&claims, problems);
    (definitions.len() == count).then_some(definitions)
}

fn application(mut reader: Reader, problems: &mut InputProblems) -> Draft {
    let draft = Draft {
        name: reader.text("name", problems),
        origins: reader.texts("origins", problems),
        session_duration: reader.duration("session_duration", problems),
        http_only: reader.flag("http_only", problems),
        same_site: reader.text("same_site", problems),
        partitioned: reader.flag("partitioned", problems),
        binding_cookie: reader.flag("binding_cookie", problems),
        header_tokens: reader.flag("header_tokens", problems),
        refresh_in_request: reader.text("refresh_in_request", problems),
        preflight: reader.text("preflight", problems),
        cors_origins: reader.texts("cors_origins", problems),
        bypass: Some(
            reader
                .tables("bypass", problems)
                .into_iter()
                .map(|table| bypass(table, problems))
                .collect(),
        ),
        upstream: reader.text("upstream", problems),
        policy: Some(
            reader
                .tables("policy", problems)
                .into_iter()
                .map(|table| rule(table, problems))
                .collect(),
        ),
    };
    reader.finish(problems);
    draft
}

fn bypass(mut reader: Reader, problems: &mut InputProblems) -> BypassDraft {
    let draft = BypassDraft {
        path: reader.text("path", problems).unwrap_or_default(),
        matching: reader.text("match", problems),
        methods: reader.texts("methods", problems),
    };
    reader.finish(problems);
    draft
}

fn rule(mut reader: Reader, problems: &mut InputProblems) -> RuleDraft {
    let mut allow = reader.table("allow", problems);
    let draft = RuleDraft {
        emails: allow.texts("emails", problems).unwrap_or_default(),
        email_domains: allow.texts("email_domains", problems).unwrap_or_default(),
        everyone: allow.flag("everyone", problems).unwrap_or(false),
        session_duration: reader.duration("session_duration", problems),
    };
    allow.finish(problems);
    reader.finish(problems);
    draft
}
