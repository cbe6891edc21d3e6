//! Asks every worker of an Envoy, again and again, with the session that is being revoked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use portcullis_e2e::connection::{Answer, Connection};
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::workers::Workers;

/// Between two rounds of requests.
const BETWEEN: Duration = Duration::from_millis(2);

/// What is known of a revocation, shared by all that ask.
#[derive(Default)]
pub struct Reported {
    at: Mutex<Option<Instant>>,
    over: AtomicBool,
}

/// What an Envoy's workers answered.
#[derive(Debug, Default)]
pub struct Answers {
    /// Requests that reached the application.
    pub admitted: u32,
    /// Requests refused because the session is revoked.
    pub revoked: u32,
}

/// The connections to one Envoy's workers; `None` while it is dead.
pub struct Target(Mutex<Option<Workers>>);

impl Reported {
    /// All proxies have reported that they applied it.
    pub fn report(&self) {
        lock(&self.at).get_or_insert_with(Instant::now);
    }

    /// Whether they have.
    pub fn is_reported(&self) -> bool {
        lock(&self.at).is_some()
    }

    /// Tells the prober to stop.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn was_at(&self, sent: Instant) -> bool {
        lock(&self.at).is_some_and(|at| at < sent)
    }
}

impl Target {
    /// A living Envoy.
    pub fn new(workers: Workers) -> Self {
        Self(Mutex::new(Some(workers)))
    }

    /// It is about to be killed.
    pub fn dies(&self) {
        *lock(&self.0) = None;
    }

    /// It lives again.
    pub fn lives(&self, workers: Workers) {
        *lock(&self.0) = Some(workers);
    }

    /// Asks all workers once; `None` while the Envoy is dead.
    pub fn ask<T>(&self, act: impl FnMut(&mut Connection) -> Result<T>) -> Result<Option<Vec<T>>> {
        let workers = lock(&self.0);
        workers
            .as_ref()
            .map(|workers| workers.each(act))
            .transpose()
    }
}

/// Asks until told to end, and fails when a request is admitted that must not be.
pub fn probe(target: &Target, request: &[u8], reported: &Reported) -> Result<Answers> {
    let mut answers = Answers::default();
    while !reported.over.load(Ordering::Relaxed) {
        let asked = target.ask(|worker| {
            let sent = Instant::now();
            Ok((sent, worker.send(request)?))
        })?;
        for (sent, answer) in asked.into_iter().flatten() {
            judge(&answer, reported.was_at(sent), &mut answers)?;
        }
        // Those who are to be killed want the machine too.
        std::thread::sleep(BETWEEN);
    }
    Ok(answers)
}

fn judge(answer: &Answer, is_reported: bool, answers: &mut Answers) -> Result<()> {
    match answer.status {
        200 => {
            ensure!(
                !is_reported,
                "let through after all proxies had reported the revocation"
            );
            answers.admitted += 1;
        }
        // 403 for one that was on its way to the application when the revocation came.
        401 | 403 => {
            let reason = Refusal::of_answer(answer)?.reason;
            ensure!(reason == "session_revoked", "refused as {reason}");
            answers.revoked += 1;
        }
        // Nothing was received yet.
        503 => {}
        status => bail!("answered {status}"),
    }
    Ok(())
}

/// Fails unless each worker refuses the session as revoked.
pub fn all_refuse(target: &Target, request: &[u8]) -> Result<()> {
    let asked = target.ask(|worker| worker.send(request))?;
    for answer in asked.context("the Envoy is dead")? {
        ensure!(answer.status == 401, "a worker answered {}", answer.status);
        let reason = Refusal::of_answer(&answer)?.reason;
        ensure!(reason == "session_revoked", "refused as {reason}");
    }
    Ok(())
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
