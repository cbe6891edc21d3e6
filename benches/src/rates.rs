//! Requests a second: all contenders run at once, one at a time gets load, for a short while, in
//! rounds of changing order. A ratio is taken within a round.

mod cold;
mod field;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use portcullis_demo::tools::Tools;

use crate::contender::Contender;
use crate::cores::Cores;
use crate::load::{Answers, Generator, Requests};
use crate::plan::Plan;
use crate::report::{Outcome, Report, Round};

use field::Field;

/// Seconds of load before the first round, which do not count.
const WARM_UP: u64 = 1;

/// What is measured: a contender under one kind of requests.
struct Course<'a> {
    name: &'static str,
    contender: &'a Contender,
    requests: Requests,
    verified: Option<cold::Counter>,
}

/// Ratios that have a goal: key, dividend, divisor.
const RATIOS: [(&str, &str, &str); 7] = [
    ("hot.same_work", "portcullis_100k", "same_work"),
    (
        "hot.jwt_authn_cached",
        "portcullis_100k",
        "jwt_authn_cached",
    ),
    ("hot.ext_authz", "portcullis_100k", "ext_authz"),
    ("hot.rules", "portcullis_rules", "portcullis_100k"),
    ("cold.es256", "portcullis_es256", "jwt_authn_es256"),
    ("cold.rs256", "portcullis_rs256", "jwt_authn_rs256"),
    ("revoked.1m", "portcullis_1m", "portcullis_0"),
];

/// Measures them all.
///
/// # Errors
/// When a contender does not start or does not do its work, or wrk is not there.
pub fn measure(plan: Plan, tools: &Tools, directory: &Path, report: &mut Report) -> Result<()> {
    let cores = Cores::choose()?;
    println!("starting the contenders …");
    let field = Field::start(plan, tools, directory, cores)?;
    let generator = Generator::new(directory, cores.load)?;
    let courses = field.courses()?;
    for course in &courses {
        course.run(&generator, WARM_UP)?;
    }
    for number in 0..plan.rounds {
        let mut round = Round::new();
        for course in in_turn(&courses, number) {
            let answers = course.run(&generator, plan.seconds)?;
            println!(
                "round {} of {}: {:<20} {:>8.0} requests/s, {:>6.1} µs",
                number + 1,
                plan.rounds,
                course.name,
                answers.rate(),
                answers.cpu_us_each
            );
            round.insert(course.name, answers);
        }
        report.rounds.push(round);
    }
    for (key, ours, theirs) in RATIOS {
        let ratios = report
            .rounds
            .iter()
            .filter_map(|round| ratio(round, ours, theirs));
        let ratios: Vec<f64> = ratios.collect();
        ensure!(ratios.len() == plan.rounds, "{key}: a round is incomplete");
        report.set(key, Outcome::median(ratios));
    }
    Ok(())
}

impl Course<'_> {
    fn run(&self, generator: &Generator, seconds: u64) -> Result<Answers> {
        let Some(counter) = self.verified else {
            return generator.run(self.contender, &self.requests, seconds);
        };
        let before = counter.read(self.contender)?;
        let answers = generator.run(self.contender, &self.requests, seconds)?;
        counter.grew(self.contender, before, answers.requests)?;
        Ok(answers)
    }
}

/// Each round begins with another course, and every other one goes backwards, so that no course
/// always comes after the same one.
fn in_turn<'a, 'b>(courses: &'a [Course<'b>], round: usize) -> Vec<&'a Course<'b>> {
    let count = courses.len().max(1);
    let mut order: Vec<_> = courses
        .iter()
        .cycle()
        .skip(round % count)
        .take(courses.len())
        .collect();
    if round % 2 == 1 {
        order.reverse();
    }
    order
}

fn ratio(round: &BTreeMap<&'static str, Answers>, ours: &str, theirs: &str) -> Option<f64> {
    Some(round.get(ours)?.rate() / round.get(theirs)?.rate())
}
