//! A random walk: people, clients, administrators and machines do what comes to mind, and after
//! each step the real thing and a small model of it (`walk/model.rs`) must have seen the same.
//!
//! `PORTCULLIS_WALK_SEEDS` walks that many seeds, `PORTCULLIS_WALK_STEPS` each so far,
//! `PORTCULLIS_WALK_SEED` one seed, to see again what was seen. With `--nocapture`, how often
//! each kind of step and outcome occurred is printed.

mod chance;
mod coverage;
mod draw;
mod model;
mod scene;
mod seen;
mod step;

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;

use chance::Chance;
use coverage::{Coverage, MUST_OCCUR};
use model::Model;
use scene::Scene;
use seen::Seen;
use step::{APPLICATIONS, BROWSERS, Step};

/// Which seeds, where nothing else is said, and how far.
const SEEDS: u64 = 8;
const STEPS: u64 = 500;
/// How many of the last steps are printed.
const PRINTED: usize = 40;

#[tokio::test]
async fn s06_s09_s10_a_random_walk_agrees_with_the_model() {
    let (first, seeds) = match number("PORTCULLIS_WALK_SEED") {
        Some(seed) => (seed, 1),
        None => (1, number("PORTCULLIS_WALK_SEEDS").unwrap_or(SEEDS)),
    };
    let steps = number("PORTCULLIS_WALK_STEPS").unwrap_or(STEPS);
    let mut coverage = Coverage::default();
    for seed in first..first + seeds {
        println!("PORTCULLIS_WALK_SEED={seed} PORTCULLIS_WALK_STEPS={steps}");
        Walk::begin(seed).await.go(steps, &mut coverage).await;
    }
    println!("{coverage}");
    if seeds * steps >= SEEDS * STEPS {
        for outcome in MUST_OCCUR {
            assert!(coverage.outcomes.contains_key(outcome), "never: {outcome}");
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a number: {text:?}")),
    )
}

/// The model and the real thing side by side.
struct Walk {
    chance: Chance,
    model: Model,
    scene: Scene,
    done: VecDeque<String>,
}

impl Walk {
    async fn begin(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let global = draw::global(&mut chance);
        let settings = [(); APPLICATIONS].map(|()| draw::settings(&mut chance));
        let mut scene = Scene::new(global, &settings).await;
        let mut model = Model::new(scene.now(), scene.version().await, settings);
        model.global = global;
        for browser in 0..BROWSERS {
            if model.browsers[browser].keeps {
                scene.keeps_cookies(browser);
            }
        }
        Self {
            chance,
            model,
            scene,
            done: VecDeque::new(),
        }
    }

    async fn go(mut self, steps: u64, coverage: &mut Coverage) {
        let begun = self.model.now;
        let mut done = 0;
        while done < steps {
            for step in draw::draw(&mut self.chance, &self.model) {
                done += 1;
                let since = self.model.now - begun;
                self.remember(format!("{done} at {since}s: {step:?}"));
                self.take(&step, coverage).await;
            }
        }
    }

    fn remember(&mut self, line: String) {
        if self.done.len() == PRINTED {
            self.done.pop_front();
        }
        self.done.push_back(line);
    }

    /// Does a step in both, and compares.
    async fn take(&mut self, step: &Step, coverage: &mut Coverage) {
        let expected = std::panic::catch_unwind(AssertUnwindSafe(|| self.expected(step)));
        let expected = expected.unwrap_or_else(|_| panic!("the model fails:\n{}", self.story()));
        let actual = self.actual(step).await;
        if expected != actual {
            panic!(
                "the model:      {expected:?}\nthe real thing: {actual:?}\n{}",
                self.story()
            );
        }
        self.remember(format!("    {actual:?}"));
        coverage.count(step, &actual);
        for note in self.model.notes.drain(..) {
            coverage.count_outcome(note);
        }
        let version = self.scene.version().await;
        if !self.model.settles(version) {
            let expected = self.model.version;
            panic!(
                "the model's version: {expected}, the real one: {version}\n{}",
                self.story()
            );
        }
    }

    fn story(&self) -> String {
        self.done.iter().map(|line| format!("{line}\n")).collect()
    }

    fn expected(&mut self, step: &Step) -> Vec<Seen> {
        let model = &mut self.model;
        match step {
            Step::Wait(seconds) => model.now += seconds,
            Step::Poll(_) => {}
            Step::Visit(visit) => return model.visit(visit),
            Step::Requests(requests) => return model.requests(requests),
            Step::SignIn(browser, person, route) => {
                return model.signs_in(*browser, *person, *route);
            }
            Step::Deliver(browser, route) => return model.delivers(*browser, *route),
            Step::SignOut(browser, application, vm) => {
                return vec![model.signs_out(*browser, *application, *vm)];
            }
            Step::SignOutOfTeamDomain(browser) => model.sign_out_of_team_domain(*browser),
            Step::Steal(theft) => model.steal(theft),
            Step::Change(change) => model.change(change),
            Step::Restart(global) => model.global = *global,
        }
        Vec::new()
    }

    async fn actual(&mut self, step: &Step) -> Vec<Seen> {
        let scene = &mut self.scene;
        match step {
            Step::Wait(seconds) => scene.wait(*seconds),
            Step::Poll(vm) => {
                let (polled, version) = scene.poll(*vm).await;
                if polled {
                    self.model.polled(*vm);
                }
                assert_eq!(self.model.vms[*vm].version, version, "of VM {vm}");
            }
            Step::Visit(visit) => return scene.visit(visit).await,
            Step::Requests(requests) => return scene.requests(requests).await,
            Step::SignIn(browser, person, route) => {
                return scene.signs_in(*browser, *person, *route).await;
            }
            Step::Deliver(browser, route) => return scene.delivers(*browser, *route).await,
            Step::SignOut(browser, application, vm) => {
                return vec![scene.sign_out(*browser, *application, *vm).await];
            }
            Step::SignOutOfTeamDomain(browser) => scene.sign_out_of_team_domain(*browser).await,
            Step::Steal(theft) => scene.steal(theft),
            Step::Change(change) => scene.change(change).await,
            Step::Restart(global) => scene.restart(*global).await,
        }
        Vec::new()
    }
}
