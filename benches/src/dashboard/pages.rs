//! How long each page takes.

use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use portcullis_demo::tools::Tools;
use serde::Serialize;

use super::data::Sizes;
use super::organisation::{HOST, Organisation};
use super::visitor::Visitor;
use super::visits::{self, Visit};
use crate::cores::{Cores, pin_thread};
use crate::plan::Plan;
use crate::report::{Outcome, Report};
use crate::wire::Connection;

const KEY: &str = "dashboard.page_p99_ms";
/// Rounds that do not count.
const WARM_UP: usize = 3;
/// A page whose visits have taken so long gets no more of them.
const PATIENCE_MS: f64 = 4_000.0;

/// A page with what its visits took.
struct Page {
    visit: Visit,
    address: String,
    samples: Vec<f64>,
    bytes: usize,
}

/// What the report keeps of a page.
#[derive(Debug, Serialize)]
struct Figures {
    page: String,
    p50_ms: f64,
    p99_ms: f64,
    visits: usize,
    bytes: usize,
}

/// Measures all of them.
///
/// # Errors
/// When the service does not start, or a page is not answered as it should be.
pub(super) fn measure(
    plan: Plan,
    tools: &Tools,
    directory: &Path,
    report: &mut Report,
) -> Result<()> {
    let left_out = visits::left_out();
    ensure!(left_out.is_empty(), "no visit to {left_out:?}");
    let sizes = Sizes::of(plan);
    println!("filling a database: {} …", sizes.told());
    let cores = Cores::choose()?;
    let organisation = Organisation::open(tools, directory, cores, sizes)?;
    println!("opening each page of the dashboard {} times …", plan.visits);
    let pages = thread::scope(|scope| {
        let visiting = scope.spawn(|| {
            pin_thread(cores.load)?;
            visit(&organisation, plan.visits)
        });
        visiting.join().map_err(|_| anyhow!("a thread panicked"))?
    })?;
    let mut figures = Vec::new();
    let mut worst: Option<(Outcome, String)> = None;
    for page in pages {
        let p50 = Outcome::median(page.samples.clone()).context("no visits")?;
        let visits = page.samples.len();
        let p99 = Outcome::p99(page.samples).context("no visits")?;
        let name = page.visit.name();
        let is_worse = |(other, _): &(Outcome, String)| other.value() < p99.value();
        if page.visit.counts() && worst.as_ref().is_none_or(is_worse) {
            worst = Some((p99, name.clone()));
        }
        figures.push(Figures {
            page: name,
            p50_ms: p50.value(),
            p99_ms: p99.value(),
            visits,
            bytes: page.bytes,
        });
    }
    figures.sort_by(|one, other| other.p99_ms.total_cmp(&one.p99_ms));
    tell(&figures);
    report.keep("dashboard.pages", &figures)?;
    if let Some((outcome, name)) = worst {
        let note = format!("{name}, on {}, {}", organisation.database, sizes.told());
        report.set(KEY, Some(outcome));
        report.explain(KEY, &note);
    }
    Ok(())
}

/// Visits them one at a time, in rounds: what disturbs for a moment disturbs many pages a little.
fn visit(organisation: &Organisation, times: usize) -> Result<Vec<Page>> {
    let connection = Connection::plain(organisation.people)?;
    let mut visitor = Visitor::signed_in(connection, HOST, &organisation.administrator)?;
    let mut pages = Vec::new();
    for visit in visits::all() {
        pages.push(Page {
            visit,
            address: address(organisation, &mut visitor, visit)?,
            samples: Vec::new(),
            bytes: 0,
        });
    }
    for round in 0..WARM_UP + times {
        let is_due = |page: &&mut Page| page.samples.iter().sum::<f64>() < PATIENCE_MS;
        for page in pages.iter_mut().filter(is_due) {
            let since = Instant::now();
            let text = open(&mut visitor, page.visit, &page.address)?;
            let took = since.elapsed().as_secs_f64() * 1e3;
            page.bytes = text.len();
            if round >= WARM_UP {
                page.samples.push(took);
            }
        }
    }
    Ok(pages)
}

/// The address of a visit, for which links may have to be followed first.
fn address(organisation: &Organisation, visitor: &mut Visitor, visit: Visit) -> Result<String> {
    let mut address = format!("/dashboard{}", organisation.known.fill_in(visit.address));
    for _ in 0..visit.pages_on {
        let page = open(visitor, visit, &address)?;
        let Some(next) = next(&page) else { break };
        address = next;
    }
    Ok(address)
}

fn open(visitor: &mut Visitor, visit: Visit, address: &str) -> Result<String> {
    let (answer, text) = visitor.open(address)?;
    // What leads to one page only leads there.
    let is_found = visit.page == "/find" && answer.status == 302;
    ensure!(
        answer.status == 200 || is_found,
        "{address} was answered with {}: {text}",
        answer.status
    );
    Ok(text)
}

/// Where the next page of a list is.
fn next(page: &str) -> Option<String> {
    let links = page
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next());
    let mut pages = links.filter(|link| link.contains("cursor=") || link.contains("below="));
    Some(pages.next()?.replace("&#38;", "&"))
}

fn tell(figures: &[Figures]) {
    println!(
        "{:<60}{:>10}{:>10}{:>8}",
        "page", "p50 ms", "p99 ms", "visits"
    );
    for one in figures {
        let (p50, p99) = (one.p50_ms, one.p99_ms);
        println!("{:<60}{p50:>10.2}{p99:>10.2}{:>8}", one.page, one.visits);
    }
}
