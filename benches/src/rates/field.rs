//! All contenders, started and asked whether they do their work.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use portcullis::protocol::feed::JwkSet;
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
    es256: PathBuf,
    rs256: PathBuf,
    // Not asked for anything, but ended with the field.
    _feeds: Vec<FeedServer>,
    _authorization: Envoy,
}

impl Field {
    /// Starts all contenders and what they need, and checks each.
    pub fn start(plan: Plan, tools: &Tools, directory: &Path, cores: Cores) -> Result<Self> {
        let keys = [SigningKey::es256()?, SigningKey::rs256()?];
        let [es256, rs256] = &keys;
        let jwks: Vec<_> = keys.iter().map(SigningKey::jwk).collect();
        let feeds = [0, MANY, plan.million].map(|count| FeedServer::start(jwks.clone(), count));
        let feeds: Vec<_> = feeds.into_iter().collect::<Result<_>>()?;
        let authorization = start_envoy(
            &tools.envoy,
            &directory.join("authorization"),
            AUTHORIZATION,
            cores.load,
        )?;
        let visitors = Visitors {
            good: Visitor::good(es256, 0)?,
            revoked: Visitor::revoked(es256)?,
        };
        let mut words = vec![
            ("MODULE", tools.module.display().to_string()),
            ("TEAM_DOMAIN", TEAM_DOMAIN.to_owned()),
            ("AUDIENCE", AUDIENCE.to_owned()),
            ("JWKS", serde_json::to_string(&JwkSet { keys: jwks })?),
            ("SCRIPT", quoted(SAME_WORK_SCRIPT)),
            (
                "AUTHORIZATION_PORT",
                authorization.admin().listener("http")?.port().to_string(),
            ),
        ];
        let mut contenders = Vec::new();
        for (name, part, strength, feed) in [
            ("no_filter", NO_FILTER, Strength::Nothing, None),
            ("portcullis_0", PORTCULLIS, Strength::Session, feeds.first()),
            (
                "portcullis_100k",
                PORTCULLIS,
                Strength::Revocation,
                feeds.get(1),
            ),
            (
                "portcullis_1m",
                PORTCULLIS,
                Strength::Revocation,
                feeds.get(2),
            ),
            ("same_work", SAME_WORK, Strength::Session, None),
            ("jwt_authn_cached", JWT_AUTHN_CACHED, Strength::Token, None),
            ("jwt_authn", JWT_AUTHN, Strength::Token, None),
            ("ext_authz", EXT_AUTHZ, Strength::Presence, None),
        ] {
            words.retain(|(word, _)| *word != "FEED_PORT");
            words.extend(feed.map(|feed| ("FEED_PORT", feed.port().to_string())));
            let recipe = Recipe {
                name,
                part,
                words: &words,
                strength,
            };
            let contender = Contender::start(&tools.envoy, directory, cores.measured, &recipe)?;
            contender.check(&visitors)?;
            println!("  {name} lets in whom it should, and nobody else");
            contenders.push(contender);
        }
        Ok(Self {
            contenders,
            visitor: visitors.good,
            es256: write_cold(directory, "es256", es256)?,
            rs256: write_cold(directory, "rs256", rs256)?,
            _feeds: feeds,
            _authorization: authorization,
        })
    }

    /// What is measured, in the order of the table.
    pub fn courses(&self) -> Result<Vec<Course<'_>>> {
        let hot = || Requests::Hot(self.visitor.cookies());
        let es256 = || Requests::Cold(Cycle::new(self.es256.clone()));
        let rs256 = || Requests::Cold(Cycle::new(self.rs256.clone()));
        let (ours, theirs) = (Some(cold::OURS), Some(cold::JWT_AUTHN));
        [
            ("no_filter", "no_filter", hot(), None),
            ("portcullis_0", "portcullis_0", hot(), None),
            ("portcullis_100k", "portcullis_100k", hot(), None),
            ("portcullis_1m", "portcullis_1m", hot(), None),
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
