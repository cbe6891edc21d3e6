//! What revocation costs and how fast it is, with a real control service and the bootstrap that
//! ships: two Envoys with two workers each, TLS, a million entries in the database.

mod control_socket;
mod cut;
pub(super) mod fill;
mod propagation;
mod scene;
mod start;
mod workers;

use std::path::Path;

use anyhow::Result;
use portcullis_demo::tools::Tools;

use crate::plan::Plan;
use crate::report::{Outcome, Report};

pub(super) use scene::Scene;
use start::Memory;

/// Measures it all.
///
/// # Errors
/// When a part does not start, or does what it must not.
pub fn measure(plan: Plan, tools: &Tools, directory: &Path, report: &mut Report) -> Result<()> {
    println!("starting the control service and two Envoys …");
    let mut scene = Scene::open(tools, &directory.join("real"))?;
    let empty = start::several(&scene, plan.starts, 0)?;
    println!("filling the database with {} revocations …", plan.million);
    fill::revocations(&scene.database(), plan.million)?;
    // The two Envoys take them over first: what is measured shall not share the control service.
    scene.wait_for_entries(plan.million)?;
    let full = start::several(&scene, plan.starts, plan.million)?;
    report.set("load.1m_seconds", start::seconds(&empty, &full));
    let memory = start::memory(&empty, &full, plan.million);
    let middle = |part: fn(&Memory) -> f64| Outcome::median(memory.iter().map(part).collect());
    report.set("memory.1m_bytes_each", middle(|memory| memory.of_vm));
    report.set("memory.1m_shared_each", middle(|memory| memory.shared));
    report.keep("starts", &[empty, full])?;
    report.keep("memory", &memory)?;

    println!("revoking {} times …", plan.revocations);
    let ways = propagation::measure(&mut scene, plan.revocations)?;
    let from_accepted = ways.iter().map(|way| way.from_accepted_ms).collect();
    report.set("propagation.p99_ms", Outcome::p99(from_accepted));
    report.keep("propagation", &ways)?;

    println!("revoking {} times with open streams …", plan.cuts);
    let cuts = cut::measure(&mut scene, plan.cuts)?;
    if cuts.is_empty() {
        report.explain("cut.p99_ms", "a revocation does not end open streams yet");
    }
    report.set("cut.p99_ms", Outcome::p99(cuts.clone()));
    report.keep("cut", &cuts)
}
