//! Envoy's start with and without revocations: how long until it decides, and what memory it holds
//! then.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use portcullis_demo::wait;
use serde::Serialize;

use super::scene::{Scene, applied, entries};
use crate::cores::resident_bytes;
use crate::report::Outcome;

/// Longer than any start takes.
const LIMIT: Duration = Duration::from_secs(120);
/// Memory has settled when it has changed by at most `SETTLED_BYTES` for so long.
const SETTLED_FOR: Duration = Duration::from_secs(1);
const SETTLED_BYTES: u64 = 1 << 20;
/// Worker threads of the two Envoys that are compared for the memory of a VM. Each has one that holds
/// the feed, and so has the main thread.
const FEW: u32 = 1;
const MANY: u32 = 3;

/// One start.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Start {
    /// From the start of the process until a request without a session is told so: from then on
    /// the filter knows every revocation, for until then it answers that it is not ready.
    seconds: f64,
    /// What the process then keeps in memory, when that no longer grows.
    resident_bytes: u64,
}

/// Two starts on the same feed.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Pair {
    few_workers: Start,
    many_workers: Start,
}

/// What a revocation adds to the memory of a process, in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Memory {
    /// For each VM.
    pub of_vm: f64,
    /// What the VMs share, once for any number of them.
    pub shared: f64,
}

/// Starts Envoy so many times with few workers and with many, one after the other, on a feed with at
/// least `revocations`.
pub(super) fn several(scene: &Scene, times: usize, revocations: u64) -> Result<Vec<Pair>> {
    let mut starts = Vec::new();
    for number in 1..=times {
        let pair = Pair {
            few_workers: once(scene, FEW, revocations)?,
            many_workers: once(scene, MANY, revocations)?,
        };
        println!(
            "start {number} of {times} with {revocations} revocations: {:.2} s; {} MiB, {} MiB \
             with {MANY} workers",
            pair.few_workers.seconds,
            pair.few_workers.resident_bytes >> 20,
            pair.many_workers.resident_bytes >> 20,
        );
        starts.push(pair);
    }
    Ok(starts)
}

/// What a million revocations add to the time of a start: each start with them beside one without.
pub(super) fn seconds(empty: &[Pair], full: &[Pair]) -> Option<Outcome> {
    let pairs = empty.iter().zip(full);
    let more = pairs.map(|(empty, full)| full.few_workers.seconds - empty.few_workers.seconds);
    Outcome::median(more.collect())
}

/// What a revocation adds to the memory: workers that are more bring VMs, and nothing that is shared.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn memory(empty: &[Pair], full: &[Pair], count: u64) -> Vec<Memory> {
    let growth = |empty: Start, full: Start| {
        full.resident_bytes as f64 / count as f64 - empty.resident_bytes as f64 / count as f64
    };
    let pairs = empty.iter().zip(full);
    pairs
        .map(|(empty, full)| {
            let few = growth(empty.few_workers, full.few_workers);
            let many = growth(empty.many_workers, full.many_workers);
            let of_vm = (many - few) / f64::from(MANY - FEW);
            Memory {
                of_vm,
                shared: few - of_vm * f64::from(FEW + 1),
            }
        })
        .collect()
}

fn once(scene: &Scene, workers: u32, revocations: u64) -> Result<Start> {
    let begun = Instant::now();
    let mut started = scene.start_envoy("start", workers)?;
    let request = scene.stranger();
    wait::until("Envoy to decide", LIMIT, || {
        match scene.connect(started.port)?.ask(&request)?.status {
            401 => Ok(Some(())),
            503 => Ok(None),
            other => bail!("a request without a session got {other}"),
        }
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    wait::until("every VM to know the feed", LIMIT, || {
        Ok((applied(&started.envoy)? > 0).then_some(()))
    })?;
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

/// What a process keeps in memory when that no longer grows.
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
