//! One seed: a user signs in, the storm begins, and the user's session is revoked during it.
//! After the storm, what all filters and the database hold is compared.

mod blows;

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use portcullis_demo::control::User;
use portcullis_demo::wait;
use serde_json::Value;
use url::Url;

use crate::holdings;
use crate::prober::{Reported, Target, all_refuse, probe};
use crate::proxies::Site;

const LIMIT: Duration = Duration::from_secs(60);
/// Events of a storm.
const EVENTS: u64 = 8;
/// Between two events.
const LONGEST_PAUSE_MS: u64 = 120;

/// What happens in a storm.
#[derive(Debug, Clone, Copy)]
enum Event {
    Revoke,
    KillControl,
    KillEnvoy(usize),
}

struct Storm<'a> {
    site: &'a mut Site,
    targets: &'a [Target; 2],
    reported: &'a Reported,
    chance: Rng,
    /// Another user, who is revoked repeatedly.
    other: User,
    victim: User,
    /// The version of the victim's revocation.
    revoked: Option<u64>,
    /// The highest version that was answered.
    answered: u64,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    revocations: u32,
    unanswered: u32,
    control: u32,
    envoys: u32,
}

/// Runs one seed; the answer is what happened.
pub fn run(site: &mut Site, seed: u64) -> Result<String> {
    let mut chance = Rng::with_seed(seed);
    let (victim, other) = (site.stand.user()?, site.stand.user()?);
    let request = sign_in(site, &victim)?;
    let targets = [Target::new(site.workers(0)?), Target::new(site.workers(1)?)];
    let reported = Reported::default();
    for relay in &site.relays {
        relay.storm(chance.fork());
    }
    let (answers, told) = thread::scope(|scope| {
        let probers: Vec<_> = targets
            .iter()
            .map(|target| scope.spawn(|| probe(target, &request, &reported)))
            .collect();
        let mut storm = Storm {
            site,
            targets: &targets,
            reported: &reported,
            chance,
            other,
            victim,
            revoked: None,
            answered: 0,
            tally: Tally::default(),
        };
        let told = storm.blow().and_then(|()| storm.settle());
        reported.end();
        let answers: Vec<_> = probers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        (answers, told)
    });
    // An admitted request matters more than errors that follow from it.
    let (mut admitted, mut revoked) = (0, 0);
    for answers in answers {
        let answers = answers.map_err(|_| anyhow::anyhow!("a prober panicked"))??;
        admitted += answers.admitted;
        revoked += answers.revoked;
    }
    let told = told?;
    for target in &targets {
        all_refuse(target, &request)?;
    }
    ensure!(revoked > 0, "no request was refused during the storm");
    Ok(format!(
        "{told}; admitted {admitted}, then refused {revoked} times"
    ))
}

/// The request that a signed-in user sends.
fn sign_in(site: &Site, user: &User) -> Result<Vec<u8>> {
    let (stand, application) = (&site.stand, &site.application);
    let browser = stand.sign_in(user, application)?;
    let url = Url::parse(&application.url("/api/time"))?;
    let cookies = browser.jar.header(&url).context("no cookies")?;
    Ok(application.sub_request("/api/time", &format!("Cookie: {cookies}\r\n")))
}

impl Storm<'_> {
    /// All that goes wrong.
    fn blow(&mut self) -> Result<()> {
        let victims_turn = self.chance.u64(..EVENTS);
        for turn in 0..EVENTS {
            let pause = self.chance.u64(..LONGEST_PAUSE_MS);
            thread::sleep(Duration::from_millis(pause));
            if turn == victims_turn {
                let email = self.victim.email.clone();
                self.revoked = self.revoke(&email)?;
            }
            match self.event() {
                Event::Revoke => {
                    let email = self.other.email.clone();
                    self.revoke(&email)?;
                }
                Event::KillControl => self.kill_control()?,
                Event::KillEnvoy(which) => self.kill_envoy(which)?,
            }
            self.look()?;
        }
        Ok(())
    }

    fn event(&mut self) -> Event {
        match self.chance.u32(..16) {
            0 => Event::KillEnvoy(0),
            1 => Event::KillEnvoy(1),
            2..=4 => Event::KillControl,
            _ => Event::Revoke,
        }
    }

    /// Whether all proxies have reported the victim's revocation by now.
    fn look(&self) -> Result<bool> {
        let Some(version) = self.revoked else {
            return Ok(false);
        };
        if !self.reported.is_reported() {
            let control = &self.site.stand.deployment.control;
            let version = version.to_string();
            let shown: Value = control.command(&["revocation", "show", &version])?;
            if shown.get("complete") == Some(&Value::Bool(true)) {
                self.reported.report();
            }
        }
        Ok(self.reported.is_reported())
    }

    /// After the storm all filters catch up.
    fn settle(&mut self) -> Result<String> {
        for relay in &self.site.relays {
            relay.calm();
        }
        if self.revoked.is_none() {
            // The service was away when it was asked.
            let email = self.victim.email.clone();
            self.revoked = self.revoke(&email)?;
        }
        // A last version, which every filter says that it holds.
        let email = self.other.email.clone();
        self.revoke(&email)?.context("a calm service answers")?;
        let wanted = holdings::of_database(self.site)?;
        for which in 0..self.targets.len() {
            holdings::wait_for(self.site, which, &wanted)?;
        }
        wait::until("all proxies to report the revocation", LIMIT, || {
            Ok(self.look()?.then_some(()))
        })?;
        self.check_answered()?;
        let spoilt: u32 = self.site.relays.iter().map(|relay| relay.spoilt()).sum();
        let tally = &self.tally;
        Ok(format!(
            "{} revocations, {} unanswered, the control service killed {} times, Envoys {} \
             times, {spoilt} answers spoilt; all hold {wanted}",
            tally.revocations, tally.unanswered, tally.control, tally.envoys
        ))
    }

    /// What was answered is there: the victim's revocation, and the last one.
    fn check_answered(&self) -> Result<()> {
        let control = &self.site.stand.deployment.control;
        let list: Value = control.command(&["revocation", "list"])?;
        let items = list
            .get("items")
            .and_then(Value::as_array)
            .context("no list")?;
        for version in [self.revoked, Some(self.answered)].into_iter().flatten() {
            let is_there = items
                .iter()
                .any(|item| item.get("version").and_then(Value::as_u64) == Some(version));
            ensure!(is_there, "version {version} was answered and is not there");
        }
        Ok(())
    }
}
