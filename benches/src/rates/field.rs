//! All contenders, started and asked whether they do their work.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use portcullis::protocol::feed::{Jwk, JwkSet};
use portcullis_demo::envoy::Envoy;
use portcullis_demo::tools::Tools;

use super::{Course, cold};
use crate::bootstrap::quoted;
use crate::contender::{Contender, Recipe, Strength, Visitors, start_envoy};
use crate::cores::Cores;
use crate::credentials::{AUDIENCE, TEAM_DOMAIN, Visitor};
use crate::feed_server::FeedServer;
use crate::keys::SigningKey;
use crate::load::{Cycle, Requests};
use crate::plan::{COLD_TOKENS, MANY, Plan};

const NO_FILTER: &str = include_str!("../../envoy/no_filter.yaml");
const PORTCULLIS: &str = include_str!("../../envoy/portcullis.yaml");
const SAME_WORK: &str = include_str!("../../envoy/same_work.yaml");
const SAME_WORK_SCRIPT: &str = include_str!("../../envoy/same_work.lua");
const JWT_AUTHN: &str = include_str!("../../envoy/jwt_authn.yaml");
const JWT_AUTHN_CACHED: &str = include_str!("../../envoy/jwt_authn_cached.yaml");
const EXT_AUTHZ: &str = include_str!("../../envoy/ext_authz.yaml");
const AUTHORIZATION: &str = include_str!("../../envoy/authorization.yaml");

/// Everything that runs while load is given.
pub(super) struct Field {
    contenders: Vec<Contender>,
    visitor: Visitor,
    with_groups: Visitor,
    es256: PathBuf,
    rs256: PathBuf,
    // Kept for the contenders that ask them.
    _servers: Servers,
}

/// Whom contenders ask.
struct Servers {
    /// Feeds with no, many and very many revocations, and one with many whose rules ask for networks.
    feeds: [FeedServer; 4],
    authorization: Envoy,
}

/// A contender by name, file and strength, and the feed that it follows, if any.
type Line<'a> = (&'static str, &'static str, Strength, Option<&'a FeedServer>);

impl Field {
    /// Starts all contenders and what they need, and checks each.
    pub fn start(plan: Plan, tools: &Tools, directory: &Path, cores: Cores) -> Result<Self> {
        let keys = [SigningKey::es256()?, SigningKey::rs256()?];
        let [es256, rs256] = &keys;
        let jwks: Vec<Jwk> = keys.iter().map(SigningKey::jwk).collect();
        let servers = Servers::start(plan, tools, directory, (cores, &jwks))?;
        let visitors = Visitors {
            good: Visitor::good(es256, 0)?,
            with_groups: Visitor::with_groups(es256)?,
            revoked: Visitor::revoked(es256)?,
            elsewhere: Visitor::elsewhere(es256)?,
        };
        let words = servers.words(tools, jwks)?;
        let mut contenders = Vec::new();
        for (name, part, strength, feed) in servers.lines() {
            let port = feed.map(|feed| ("FEED_PORT", feed.port().to_string()));
            let words: Vec<_> = words.iter().cloned().chain(port).collect();
            let recipe = Recipe {
                name,
                part,
                words: &words,
                strength,
            };
            let contender = Contender::start(&tools.envoy, directory, cores.measured, &recipe)?;
            contender.check(&visitors)?;
            println!("  {name} admits and refuses what it should");
            contenders.push(contender);
        }
        Ok(Self {
            contenders,
            visitor: visitors.good,
            with_groups: visitors.with_groups,
            es256: write_cold(directory, "es256", es256)?,
            rs256: write_cold(directory, "rs256", rs256)?,
            _servers: servers,
        })
    }

    /// What is measured, in the order of the table.
    pub fn courses(&self) -> Result<Vec<Course<'_>>> {
        let hot = || Requests::Hot(self.visitor.cookies());
        let with_groups = Requests::Hot(self.with_groups.cookies());
        let es256 = || Requests::Cold(Cycle::new(self.es256.clone()));
        let rs256 = || Requests::Cold(Cycle::new(self.rs256.clone()));
        let (ours, theirs) = (Some(cold::OURS), Some(cold::JWT_AUTHN));
        [
            ("no_filter", "no_filter", hot(), None),
            ("portcullis_0", "portcullis_0", hot(), None),
            ("portcullis_100k", "portcullis_100k", hot(), None),
            ("portcullis_1m", "portcullis_1m", hot(), None),
            ("portcullis_rules", "portcullis_rules", with_groups, None),
            ("same_work", "same_work", hot(), None),
            ("jwt_authn_cached", "jwt_authn_cached", hot(), None),
            ("ext_authz", "ext_authz", hot(), None),
            ("portcullis_es256", "portcullis_100k", es256(), ours),
            ("jwt_authn_es256", "jwt_authn", es256(), theirs),
            ("portcullis_rs256", "portcullis_100k", rs256(), ours),
            ("jwt_authn_rs256", "jwt_authn", rs256(), theirs),
        ]
        .into_iter()
        .map(|(name, contender, requests, verified)| {
            Ok(Course {
                name,
                contender: self.find(contender)?,
                requests,
                verified,
            })
        })
        .collect()
    }

    fn find(&self, name: &str) -> Result<&Contender> {
        let found = self.contenders.iter().find(|one| one.name == name);
        found.with_context(|| format!("no contender {name}"))
    }
}

impl Servers {
    fn start(
        plan: Plan,
        tools: &Tools,
        directory: &Path,
        (cores, jwks): (Cores, &[Jwk]),
    ) -> Result<Self> {
        let feed = |revocations, asks_networks| {
            FeedServer::start(jwks.to_vec(), revocations, asks_networks)
        };
        let directory = directory.join("authorization");
        Ok(Self {
            feeds: [
                feed(0, false)?,
                feed(MANY, false)?,
                feed(plan.million, false)?,
                feed(MANY, true)?,
            ],
            authorization: start_envoy(&tools.envoy, &directory, AUTHORIZATION, cores.load)?,
        })
    }

    /// Every contender.
    fn lines(&self) -> [Line<'_>; 9] {
        let [none, many, very_many, networks] = &self.feeds;
        let revocation = Strength::Revocation;
        [
            ("no_filter", NO_FILTER, Strength::Nothing, None),
            ("portcullis_0", PORTCULLIS, Strength::Session, Some(none)),
            ("portcullis_100k", PORTCULLIS, revocation, Some(many)),
            ("portcullis_1m", PORTCULLIS, revocation, Some(very_many)),
            (
                "portcullis_rules",
                PORTCULLIS,
                Strength::Network,
                Some(networks),
            ),
            ("same_work", SAME_WORK, Strength::Session, None),
            ("jwt_authn_cached", JWT_AUTHN_CACHED, Strength::Token, None),
            ("jwt_authn", JWT_AUTHN, Strength::Token, None),
            ("ext_authz", EXT_AUTHZ, Strength::Presence, None),
        ]
    }

    /// What the contenders' files leave open, but for the feed's port.
    fn words(&self, tools: &Tools, keys: Vec<Jwk>) -> Result<Vec<(&'static str, String)>> {
        let authorization = self.authorization.admin().listener("http")?.port();
        Ok(vec![
            ("MODULE", tools.module.display().to_string()),
            ("TEAM_DOMAIN", TEAM_DOMAIN.to_owned()),
            ("AUDIENCE", AUDIENCE.to_owned()),
            ("JWKS", serde_json::to_string(&JwkSet { keys })?),
            ("SCRIPT", quoted(SAME_WORK_SCRIPT)),
            ("AUTHORIZATION_PORT", authorization.to_string()),
        ])
    }
}

/// A file with the cookies of many sessions, one a line.
fn write_cold(directory: &Path, name: &str, key: &SigningKey) -> Result<PathBuf> {
    let mut lines = String::new();
    for number in 0..COLD_TOKENS {
        writeln!(lines, "{}", Visitor::good(key, number)?.cookies())?;
    }
    let file = directory.join(format!("cookies-{name}.txt"));
    fs::write(&file, lines).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
