//! What was found: each key with its goal, and everything that it was computed from.

mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use portcullis_demo::tools::Tools;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cores::processor;
use crate::load::Answers;
use crate::plan::Plan;

/// Answers to each course of one round.
pub type Round = BTreeMap<&'static str, Answers>;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Neither: it is told beside another key.
    Unset,
}

/// Every key, in the order of the table.
const GOALS: [(&str, Goal); 18] = [
    ("hot.same_work", Goal::AtLeast(1.4)),
    ("hot.jwt_authn_cached", Goal::AtLeast(1.0)),
    ("hot.ext_authz", Goal::AtLeast(2.5)),
    ("hot.rules", Goal::AtLeast(0.9)),
    ("cold.es256", Goal::AtLeast(0.95)),
    ("cold.rs256", Goal::AtLeast(0.95)),
    ("revoked.1m", Goal::AtLeast(0.97)),
    ("memory.1m_bytes_each", Goal::AtMost(32.0)),
    ("memory.1m_shared_each", Goal::Unset),
    ("load.1m_seconds", Goal::AtMost(5.0)),
    ("propagation.p99_ms", Goal::AtMost(250.0)),
    ("cut.p99_ms", Goal::AtMost(500.0)),
    ("control.logins_per_s", Goal::AtLeast(300.0)),
    ("control.provider_sign_ins_per_s", Goal::Unset),
    ("control.password_sign_ins_per_s", Goal::Unset),
    ("dashboard.page_p99_ms", Goal::AtMost(50.0)),
    ("dashboard.progress_p99_ms", Goal::AtMost(500.0)),
    ("module_bytes", Goal::AtMost(600_000.0)),
];

/// A measured value and how far it spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    value: f64,
    min: f64,
    max: f64,
}

impl Outcome {
    /// The middle of several.
    pub fn median(samples: Vec<f64>) -> Option<Self> {
        Self::quantile(samples, 0.5)
    }

    /// The 99th percentile: of a hundred samples the second highest.
    pub fn p99(samples: Vec<f64>) -> Option<Self> {
        Self::quantile(samples, 0.99)
    }

    /// A single value.
    pub fn single(value: f64) -> Option<Self> {
        Self::quantile(vec![value], 0.5)
    }

    /// The value.
    pub fn value(self) -> f64 {
        self.value
    }

    /// By nearest rank, so that it is a value that was seen. `None` without samples.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank, between 1 and the number of samples"
    )]
    fn quantile(mut samples: Vec<f64>, quantile: f64) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let rank = (samples.len() as f64 * quantile).ceil().max(1.0) as usize;
        Some(Self {
            value: *samples.get(rank - 1)?,
            min: *samples.first()?,
            max: *samples.last()?,
        })
    }
}

/// The report as it grows.
pub struct Report {
    machine: Machine,
    plan: Plan,
    outcomes: BTreeMap<&'static str, Outcome>,
    /// Rounds of load.
    pub rounds: Vec<Round>,
    samples: Map<String, Value>,
    notes: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Machine {
    cores: usize,
    processor: String,
    envoy: String,
}

impl Report {
    /// An empty one, of this machine and this module.
    ///
    /// # Errors
    /// When Envoy does not tell its version.
    pub fn new(tools: &Tools, plan: Plan) -> Result<Self> {
        let mut report = Self {
            machine: Machine {
                cores: std::thread::available_parallelism()?.get(),
                processor: processor(),
                envoy: envoy_version(&tools.envoy)?,
            },
            plan,
            outcomes: BTreeMap::new(),
            rounds: Vec::new(),
            samples: Map::new(),
            notes: BTreeMap::new(),
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let bytes = fs::metadata(&tools.module)?.len() as f64;
        report.set("module_bytes", Outcome::single(bytes));
        Ok(report)
    }

    /// Says what came out for a key.
    pub fn set(&mut self, key: &'static str, outcome: Option<Outcome>) {
        self.outcomes.extend(outcome.map(|outcome| (key, outcome)));
    }

    /// Says what a value is of, or why there is none.
    pub fn explain(&mut self, key: &'static str, why: &str) {
        self.notes.insert(key, why.to_owned());
    }

    /// Keeps what a key was computed from.
    pub fn keep(&mut self, name: &str, samples: &impl Serialize) -> Result<()> {
        let samples = serde_json::to_value(samples)?;
        self.samples.insert(name.to_owned(), samples);
        Ok(())
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(&self.to_json()?)?;
        text.push('\n');
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    fn to_json(&self) -> Result<Value> {
        let mut json = Map::new();
        for (key, goal) in GOALS {
            json.insert(key.to_owned(), self.line(key, goal));
        }
        for (name, value) in [
            ("rates", serde_json::to_value(self.rates())?),
            ("rounds", serde_json::to_value(&self.rounds)?),
            ("samples", Value::Object(self.samples.clone())),
            ("machine", serde_json::to_value(&self.machine)?),
            (
                "plan",
                json!({"rounds": self.plan.rounds, "seconds": self.plan.seconds}),
            ),
        ] {
            json.insert(name.to_owned(), value);
        }
        Ok(Value::Object(json))
    }

    fn line(&self, key: &str, goal: Goal) -> Value {
        let outcome = self.outcomes.get(key);
        let mut line = json!({
            "value": outcome.map(|outcome| outcome.value),
            "min": outcome.map(|outcome| outcome.min),
            "max": outcome.map(|outcome| outcome.max),
            "goal": goal.bound(),
            "met": goal.bound().map(|_| outcome.is_some_and(|outcome| goal.is_met(outcome.value))),
        });
        if let (Some(note), Some(line)) = (self.notes.get(key), line.as_object_mut()) {
            line.insert("note".to_owned(), json!(note));
        }
        line
    }

    /// Requests a second of each course.
    fn rates(&self) -> BTreeMap<&'static str, f64> {
        self.middles(Answers::rate)
    }

    /// The middle of all rounds for each course.
    fn middles(&self, figure: impl Fn(&Answers) -> f64) -> BTreeMap<&'static str, f64> {
        let names = self.rounds.first().into_iter().flat_map(BTreeMap::keys);
        names
            .filter_map(|name| {
                let of_rounds = self.rounds.iter().filter_map(|round| round.get(name));
                let figures = of_rounds.map(&figure).collect();
                Some((*name, Outcome::median(figures)?.value))
            })
            .collect()
    }
}

impl Goal {
    fn bound(self) -> Option<f64> {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) => Some(bound),
            Self::Unset => None,
        }
    }

    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
            Self::Unset => true,
        }
    }
}

fn envoy_version(program: &Path) -> Result<String> {
    let output = Command::new(program).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // `<program>  version: <commit>/<version>/<state>/<build>/<library>`
    let told = text.split_once("version:").map(|(_, told)| told);
    let version = told.and_then(|told| told.split('/').nth(1));
    Ok(version.context("Envoy tells no version")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let samples = || (1..=100).map(f64::from).collect();
        assert_eq!(Outcome::p99(samples()).unwrap().value, 99.0);
        assert_eq!(Outcome::median(vec![3.0, 1.0, 2.0]).unwrap().value, 2.0);
        assert_eq!(Outcome::median(Vec::new()), None);
    }

    #[test]
    fn a_goal_is_met_from_its_own_side() {
        assert!(Goal::AtLeast(1.4).is_met(1.4) && !Goal::AtLeast(1.4).is_met(1.39));
        assert!(Goal::AtMost(32.0).is_met(32.0) && !Goal::AtMost(32.0).is_met(32.1));
    }
}
