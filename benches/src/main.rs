//! `make bench`: what a request costs beside rivals, how fast and how large revocation is, how many
//! sign-ins the control service finishes, and how long the pages of the dashboard take.
//!
//! Starts Envoys and control services on this machine's loopback interface, measures, ends them,
//! and writes `target/bench/report.json`. Ratios are of one run: the contenders run side by side
//! and get load in turns, since only ratios carry over to another machine. A goal that is missed
//! is reported, not an error; an error is only what keeps from measuring.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to a person at a terminal"
)]

mod bootstrap;
mod contender;
mod cores;
mod credentials;
mod dashboard;
mod ending;
mod feed_server;
mod keys;
mod load;
mod picture;
mod plan;
mod rates;
mod real;
mod report;
mod sign_ins;
mod wire;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use portcullis_demo::tools::Tools;

use plan::Plan;
use report::Report;

const USAGE: &str = "usage: bench [--quick] [rates | real | sign-ins | dashboard]
       bench --draw FILE

  --quick       two minutes instead of many: shows that all works, not how fast
  rates         requests a second only
  real          revocation, load and memory only
  sign-ins      sign-ins a second only
  dashboard     pages of the dashboard only
  --draw FILE   measures nothing, draws the picture of the last report";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Rates,
    Real,
    SignIns,
    Dashboard,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--draw", file] => draw(Path::new(file)),
        ["--quick", ref parts @ ..] => measure(Plan::QUICK, parts),
        ref parts => measure(Plan::FULL, parts),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(plan: Plan, parts: &[&str]) -> Result<()> {
    let part = match parts {
        [] => Part::All,
        ["rates"] => Part::Rates,
        ["real"] => Part::Real,
        ["sign-ins"] => Part::SignIns,
        ["dashboard"] => Part::Dashboard,
        _ => bail!("{USAGE}"),
    };
    ending::keep_in_hand(plan::LIMIT)?;
    let tools = Tools::find("portcullis-control")?;
    let directory = tools.target.join("bench");
    fs::create_dir_all(&directory)?;
    let logs = || format!("logs are in {}", directory.display());
    let mut report = Report::new(&tools, plan)?;
    let wanted = |one| [Part::All, one].contains(&part);
    if wanted(Part::Rates) {
        rates::measure(plan, &tools, &directory, &mut report).with_context(logs)?;
    }
    if wanted(Part::Real) {
        real::measure(plan, &tools, &directory, &mut report).with_context(logs)?;
    }
    if wanted(Part::SignIns) {
        sign_ins::measure(plan, &tools, &directory, &mut report).with_context(logs)?;
    }
    if wanted(Part::Dashboard) {
        dashboard::measure(plan, &tools, &directory, &mut report).with_context(logs)?;
    }
    let file = directory.join("report.json");
    report.write(&file)?;
    println!("\n{}\nwritten to {}", report.table(), file.display());
    Ok(())
}

fn draw(file: &Path) -> Result<()> {
    let report = Tools::target()?.join("bench/report.json");
    let text = fs::read_to_string(&report)
        .with_context(|| format!("no {}: run `make bench`", report.display()))?;
    let picture = picture::draw(&serde_json::from_str(&text)?)?;
    fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
}
