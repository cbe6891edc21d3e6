//! Envoy's start with and without revocations: how long until it decides, and what memory it holds
//! then.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use portcullis_demo::wait;
use serde::Serialize;

use super::scene::{Scene, entries};
use crate::cores::resident_bytes;
use crate::report::Outcome;

/// Longer than any start takes.
const LIMIT: Duration = Duration::from_secs(120);
/// Memory has settled when it has changed by no more than `SETTLED_BYTES` for so long.
const SETTLED_FOR: Duration = Duration::from_secs(1);
const SETTLED_BYTES: u64 = 1 << 20;
/// With one worker there are two VMs that hold the feed: the worker's and the main thread's.
const VMS: f64 = 2.0;

/// One start.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Start {
    /// From the start of the process until a request without a session is told so: from then on
    /// the filter knows every revocation, for until then it answers that it is not ready.
    seconds: f64,
    /// What the process then keeps in memory, when that no longer grows.
    resident_bytes: u64,
}

/// Starts Envoy so many times, one after the other, on a feed with at least `revocations`.
pub(super) fn several(scene: &Scene, times: usize, revocations: u64) -> Result<Vec<Start>> {
    let mut starts = Vec::new();
    for number in 1..=times {
        let start = once(scene, revocations)?;
        println!(
            "start {number} of {times} with {revocations} revocations: {:.2} s, {} MiB",
            start.seconds,
            start.resident_bytes >> 20
        );
        starts.push(start);
    }
    Ok(starts)
}

/// What a million revocations add to the time of a start: each start with them beside one without.
pub(super) fn seconds(empty: &[Start], full: &[Start]) -> Option<Outcome> {
    let pairs = empty.iter().zip(full);
    Outcome::median(
        pairs
            .map(|(empty, full)| full.seconds - empty.seconds)
            .collect(),
    )
}

/// What a revocation adds to the memory of a VM.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn bytes_each(empty: &[Start], full: &[Start], count: u64) -> Option<Outcome> {
    let growths = empty.iter().zip(full).map(|(empty, full)| {
        full.resident_bytes.saturating_sub(empty.resident_bytes) as f64 / VMS / count as f64
    });
    Outcome::median(growths.collect())
}

fn once(scene: &Scene, revocations: u64) -> Result<Start> {
    let begun = Instant::now();
    let mut started = scene.start_envoy("start")?;
    let request = scene.stranger();
    wait::until("Envoy to decide", LIMIT, || {
        match scene.connect(started.port)?.ask(&request)?.status {
            401 => Ok(Some(())),
            503 => Ok(None),
            other => bail!("a request without a session got {other}"),
        }
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    let process = started.envoy.process().id();
    let resident_bytes = settled(process)?;
    let held = entries(&started.envoy)?;
    ensure!(
        held >= revocations,
        "Envoy decides with {held} of {revocations} revocations"
    );
    Ok(Start {
        seconds,
        resident_bytes,
    })
}

/// What a process keeps in memory when that no longer grows: nothing else tells that every VM has
/// taken over the feed.
pub(super) fn settled(process: u32) -> Result<u64> {
    let mut since = (Instant::now(), resident_bytes(process)?);
    wait::until("memory to settle", LIMIT, || {
        let now = resident_bytes(process)?;
        if now.abs_diff(since.1) > SETTLED_BYTES {
            since = (Instant::now(), now);
        }
        Ok((since.0.elapsed() > SETTLED_FOR).then_some(now))
    })
}
