//! How long a revocation takes until every worker of two Envoys refuses the session.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Serialize;

use super::scene::Scene;
use super::workers;
use crate::wire::Connection;

/// A worker that has not refused by then never will.
const LIMIT: Duration = Duration::from_secs(10);
/// How often each worker is asked. Its answer is that much late at most, and those who ask leave the
/// machine to what is measured.
const ASK_EVERY: Duration = Duration::from_millis(1);

/// The way of one revocation, to the worker that was last.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Way {
    /// Since the control service's answer that the session is revoked.
    pub from_accepted_ms: f64,
    /// Since it was asked.
    from_sent_ms: f64,
}

/// Revokes so many sessions, one after the other.
pub(super) fn measure(scene: &mut Scene, times: usize) -> Result<Vec<Way>> {
    let mut workers = workers::connect(scene)?;
    (0..times).map(|_| one(scene, &mut workers)).collect()
}

fn one(scene: &mut Scene, workers: &mut [Connection]) -> Result<Way> {
    let request = scene.new_session()?("/api/time", "");
    for worker in workers.iter_mut() {
        let status = worker.ask(&request)?.status;
        ensure!(status == 200, "a good session got {status}");
    }
    let scene = &*scene;
    let request = request.as_str();
    thread::scope(|scope| {
        let waiting: Vec<_> = workers
            .iter_mut()
            .map(|worker| scope.spawn(move || refusal(worker, request)))
            .collect();
        let sent = Instant::now();
        scene.revoke()?;
        let accepted = Instant::now();
        let refused: Result<Vec<Instant>> = waiting
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
            .collect();
        let last = refused?.into_iter().max().context("no worker")?;
        Ok(Way {
            // A worker may refuse before the answer has arrived here.
            from_accepted_ms: milliseconds(last.saturating_duration_since(accepted)),
            from_sent_ms: milliseconds(last.saturating_duration_since(sent)),
        })
    })
}

/// When a worker refuses the session because it is revoked.
fn refusal(worker: &mut Connection, request: &str) -> Result<Instant> {
    let begun = Instant::now();
    let mut cut = None;
    while begun.elapsed() < LIMIT {
        let answer = worker.ask(request)?;
        match answer.status {
            200 => thread::sleep(ASK_EVERY),
            401 => {
                let why = answer.header("www-authenticate").unwrap_or_default();
                ensure!(why.contains("session_revoked"), "refused otherwise: {why}");
                return Ok(cut.unwrap_or_else(Instant::now));
            }
            // It was under way when the revocation came; the next one says why.
            403 if cut.is_none() => cut = Some(Instant::now()),
            other => bail!("a revoked session got {other}"),
        }
    }
    bail!("a worker still lets the session in {LIMIT:?} after its revocation")
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
