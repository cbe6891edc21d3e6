//! The load generator, wrk, on a core of its own.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::process::Process;
use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::credentials::HOST;

const HOT: &str = include_str!("../wrk/hot.lua");
const COLD: &str = include_str!("../wrk/cold.lua");
const CONNECTIONS: u32 = 32;
/// Reading the scripts and closing connections.
const MARGIN: Duration = Duration::from_secs(20);

/// What is sent.
#[derive(Debug, Clone)]
pub enum Requests {
    /// Always the same cookies.
    Hot(String),
    /// Cookie lines in turn.
    Cold(Cycle),
}

/// A file with cookie lines, and how many were sent.
#[derive(Debug, Clone)]
pub struct Cycle {
    file: PathBuf,
    sent: Cell<u64>,
}

impl Cycle {
    /// A cycle through a file, from its beginning on.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            sent: Cell::new(0),
        }
    }

    /// So many were answered, and on each connection one more may have been sent.
    fn goes_on(&self, answered: u64) {
        self.sent
            .set(self.sent.get() + answered + u64::from(CONNECTIONS));
    }
}

/// What came of a load.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Answers {
    /// Requests answered.
    pub requests: u64,
    /// How long it took.
    pub microseconds: u64,
    /// Answers other than 2xx and 3xx, and broken connections.
    pub errors: u64,
    /// Latency with all connections busy, median.
    pub p50_us: f64,
    /// Latency with all connections busy, 99th percentile.
    pub p99_us: f64,
    /// Processor time of the contender for a request. On a machine that others use too, it says
    /// more than the rate.
    #[serde(default)]
    pub cpu_us_each: f64,
}

impl Answers {
    /// Requests a second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.microseconds.max(1) as f64
    }
}

/// The load generator.
#[derive(Debug)]
pub struct Generator {
    directory: PathBuf,
    core: usize,
}

impl Generator {
    /// Puts the scripts where wrk finds them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn new(directory: &Path, core: usize) -> Result<Self> {
        fs::write(directory.join("hot.lua"), HOT)?;
        fs::write(directory.join("cold.lua"), COLD)?;
        Ok(Self {
            directory: directory.to_owned(),
            core,
        })
    }

    /// Loads one contender.
    ///
    /// # Errors
    /// When wrk cannot be run, or a single request did not end well.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub fn run(&self, contender: &Contender, requests: &Requests, seconds: u64) -> Result<Answers> {
        let command = self.command(contender, requests, seconds);
        let log = self.directory.join("wrk.log");
        let before = contender.spent_nanoseconds()?;
        let mut wrk = Process::start("wrk", &command, &log)?;
        let status = wrk.wait_for_end(Duration::from_secs(seconds) + MARGIN)?;
        let spent = contender.spent_nanoseconds()? - before;
        let text = fs::read_to_string(&log)?;
        ensure!(status.success(), "wrk failed: {text}");
        let summary = text.lines().find_map(|line| line.strip_prefix("SUMMARY "));
        let mut answers: Answers = serde_json::from_str(summary.context("wrk said nothing")?)?;
        ensure!(
            answers.errors == 0 && answers.requests > 0,
            "{}: of {} requests {} ended with an error",
            contender.name,
            answers.requests,
            answers.errors
        );
        if let Requests::Cold(cycle) = requests {
            cycle.goes_on(answers.requests);
        }
        answers.cpu_us_each = spent as f64 / 1e3 / answers.requests as f64;
        Ok(answers)
    }

    fn command(&self, contender: &Contender, requests: &Requests, seconds: u64) -> Command {
        let mut command = Command::new("taskset");
        command
            .args(["-c", &self.core.to_string(), "wrk", "-t1"])
            .arg(format!("-c{CONNECTIONS}"))
            .arg(format!("-d{seconds}s"))
            .args(["-H", &format!("Host: {HOST}"), "-s"]);
        let url = format!("http://{}/", contender.address());
        match requests {
            Requests::Hot(cookies) => command.arg(self.directory.join("hot.lua")).args([
                "-H",
                &format!("Cookie: {cookies}"),
                &url,
            ]),
            Requests::Cold(cycle) => command
                .arg(self.directory.join("cold.lua"))
                .args([&url, "--"])
                .arg(&cycle.file)
                .arg(cycle.sent.get().to_string()),
        };
        command
    }
}
