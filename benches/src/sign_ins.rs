//! How many sign-ins the control service finishes in a second on one core, each up to the application
//! token: with a live global session, with a provider, and with a password.
//!
//! The load comes from another core, and so does what the provider answers.

mod browser;
mod provider;
mod scene;

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use portcullis_demo::tools::Tools;

use crate::cores::{Cores, pin_thread};
use crate::plan::Plan;
use crate::report::{Outcome, Report};

use browser::Browser;
use scene::Scene;

/// Browsers that sign in at the same time.
pub(super) const BROWSERS: usize = 8;

/// A way to sign in.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A live global session: no prompt.
    Session,
    /// A new browser, with the provider.
    Provider,
    /// A new browser, with a password.
    Password,
}

/// Each way with its key in the report.
const WAYS: [(&str, Way); 3] = [
    ("control.logins_per_s", Way::Session),
    ("control.provider_sign_ins_per_s", Way::Provider),
    ("control.password_sign_ins_per_s", Way::Password),
];

/// Measures them all.
///
/// # Errors
/// When a part does not start, or a sign-in fails.
pub fn measure(plan: Plan, tools: &Tools, directory: &Path, report: &mut Report) -> Result<()> {
    println!("starting the control service …");
    let cores = Cores::choose()?;
    let scene = Scene::open(tools, &directory.join("sign-ins"), cores)?;
    let mut samples: [Vec<f64>; WAYS.len()] = Default::default();
    for number in 0..plan.rounds {
        for ((key, way), samples) in WAYS.iter().zip(&mut samples) {
            let rate = rate(&scene, *way, Duration::from_secs(plan.seconds), cores)?;
            println!(
                "round {} of {}: {key:<33} {rate:>8.0}",
                number + 1,
                plan.rounds
            );
            samples.push(rate);
        }
    }
    for ((key, _), samples) in WAYS.iter().zip(samples) {
        report.keep(key, &samples)?;
        report.set(key, Outcome::median(samples));
    }
    Ok(())
}

/// Sign-ins a second of browsers that go on for so long.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn rate(scene: &Scene, way: Way, duration: Duration, cores: Cores) -> Result<f64> {
    let begin = Barrier::new(BROWSERS);
    let one = |number: usize| -> Result<(usize, Duration)> {
        pin_thread(cores.load)?;
        let browser = Browser::ready(scene, number);
        // A browser that is not ready must not keep the others waiting.
        begin.wait();
        let mut browser = browser?;
        let since = Instant::now();
        let mut finished = 0;
        while since.elapsed() < duration {
            browser.sign_in(way)?;
            finished += 1;
        }
        Ok((finished, since.elapsed()))
    };
    let counted: Result<Vec<(usize, Duration)>> = thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..BROWSERS)
            .map(|number| scope.spawn(move || one(number)))
            .collect();
        let ends = threads.into_iter().map(thread::ScopedJoinHandle::join);
        ends.map(|end| end.map_err(|_| anyhow!("a thread panicked"))?)
            .collect()
    });
    let counted = counted?;
    let longest = counted.iter().map(|(_, elapsed)| *elapsed).max();
    let finished: usize = counted.iter().map(|(finished, _)| *finished).sum();
    Ok(finished as f64 / longest.context("no browser")?.as_secs_f64())
}
