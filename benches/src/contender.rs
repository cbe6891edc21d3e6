//! The contenders: Envoys that differ only in what handles a request.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use portcullis_demo::envoy::admin::Admin;
use portcullis_demo::envoy::{self, Envoy, Settings};
use portcullis_demo::wait;

use crate::bootstrap::{self, Words};
use crate::cores::{pin, spent_nanoseconds};
use crate::credentials::{HOST, OTHER_COOKIES, Visitor, identity};
use crate::wire::{Answer, Connection};

/// A million revocations take some seconds to arrive.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// How closely a contender looks at a request. Each level includes those above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Not at all.
    Nothing,
    /// Whether there is a token cookie.
    Presence,
    /// Signature, issuer, audience and times of the token.
    Token,
    /// The binding cookie too; and the origin gets an identity and none of our cookies.
    Session,
    /// Revocations too.
    Revocation,
    /// The networks of the policy's rule too; and the origin gets the user's groups.
    Network,
}

/// What to start.
pub struct Recipe<'a> {
    /// Its name in the report.
    pub name: &'static str,
    /// Its file in `benches/envoy/`.
    pub part: &'static str,
    /// What the file leaves open.
    pub words: &'a Words<'a>,
    /// What it must be able to tell apart.
    pub strength: Strength,
}

/// A contender that runs.
#[derive(Debug)]
pub struct Contender {
    /// Its name in the report.
    pub name: &'static str,
    envoy: Envoy,
    process: u32,
    address: SocketAddr,
    strength: Strength,
}

/// Visitors for the questions before a measurement.
pub struct Visitors {
    /// Is to be let in.
    pub good: Visitor,
    /// The same, whose groups the origin is told.
    pub with_groups: Visitor,
    /// Is revoked.
    pub revoked: Visitor,
    /// Is in none of the networks of its rule.
    pub elsewhere: Visitor,
}

impl Contender {
    /// Starts Envoy with one worker, all of it on one core.
    ///
    /// # Errors
    /// When Envoy does not start.
    pub fn start(
        program: &Path,
        directory: &Path,
        core: usize,
        recipe: &Recipe<'_>,
    ) -> Result<Self> {
        let text = bootstrap::render(recipe.part, recipe.words)?;
        let mut envoy = start_envoy(program, &directory.join(recipe.name), &text, core)
            .with_context(|| format!("contender {}", recipe.name))?;
        Ok(Self {
            name: recipe.name,
            address: envoy.admin().listener("http")?,
            process: envoy.process().id(),
            envoy,
            strength: recipe.strength,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its threads have spent on processors so far, in nanoseconds.
    ///
    /// # Errors
    /// When it is gone.
    pub fn spent_nanoseconds(&self) -> Result<u64> {
        spent_nanoseconds(self.process)
    }

    /// Its statistics.
    pub fn admin(&self) -> &Admin {
        self.envoy.admin()
    }

    /// Checks that it admits and refuses what it should: a contender that does not do its work is
    /// not worth measuring.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self, visitors: &Visitors) -> Result<()> {
        let name = self.name;
        let good = match self.strength {
            Strength::Network => &visitors.with_groups,
            _ => &visitors.good,
        };
        let seen = wait::until(&format!("{name} to let a request in"), READY_LIMIT, || {
            let answer = self.ask(Some(&good.cookies()))?;
            Ok((answer.status == 200).then_some(answer))
        })?;
        if self.strength >= Strength::Session {
            origin_sees(&seen, good).with_context(|| name.to_owned())?;
        }
        let bad = [
            (Strength::Presence, "no token", None),
            (Strength::Token, "a forged token", Some(good.forged())),
            (Strength::Session, "a stolen token", Some(good.thief())),
            (
                Strength::Revocation,
                "a revoked user",
                Some(visitors.revoked.clone()),
            ),
            (
                Strength::Network,
                "a user of another network",
                Some(visitors.elsewhere.clone()),
            ),
        ];
        for (strength, what, visitor) in bad {
            let cookies = visitor.as_ref().map(Visitor::cookies);
            let status = self.ask(cookies.as_deref())?.status;
            let expected = self.strength < strength;
            ensure!(
                (status == 200) == expected && matches!(status, 200 | 401 | 403),
                "{name} answers {status} to {what}"
            );
        }
        Ok(())
    }

    /// A sub-request, so that a refusal is no redirect.
    fn ask(&self, cookies: Option<&str>) -> Result<Answer> {
        let cookies = cookies.map(|line| format!("Cookie: {line}\r\n"));
        Connection::plain(self.address)?.ask(&format!(
            "GET /seen HTTP/1.1\r\nHost: {HOST}\r\n{}\r\n",
            cookies.unwrap_or_default()
        ))
    }
}

/// Starts an Envoy with one worker on a core.
///
/// # Errors
/// When it does not start.
pub fn start_envoy(
    program: &Path,
    directory: &Path,
    bootstrap: &str,
    core: usize,
) -> Result<Envoy> {
    fs::create_dir_all(directory)?;
    let file = directory.join("envoy.yaml");
    fs::write(&file, bootstrap).with_context(|| format!("cannot write {}", file.display()))?;
    let mut envoy = Envoy::start(&Settings {
        program,
        directory,
        bootstrap: &file,
        credential: "bench",
        node: None,
        workers: 1,
        drain: envoy::DRAIN,
    })?;
    pin(envoy.process().id(), core)?;
    Ok(envoy)
}

fn origin_sees(answer: &Answer, visitor: &Visitor) -> Result<()> {
    let (email, id) = identity();
    for (name, expected) in [
        ("x-seen-cookie", OTHER_COOKIES.join("; ")),
        ("x-seen-assertion", visitor.token.clone()),
        ("x-seen-email", email),
        ("x-seen-id", id),
        ("x-seen-groups", visitor.groups.clone().unwrap_or_default()),
    ] {
        let value = answer.header(name).unwrap_or_default();
        if value != expected {
            bail!("the origin sees {name} {value:?}, not {expected:?}");
        }
    }
    Ok(())
}
