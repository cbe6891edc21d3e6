//! How often each kind of step and of outcome occurred: a walk that never comes somewhere shows
//! nothing of it.

use std::collections::BTreeMap;
use std::fmt;

use super::seen::Seen;
use super::step::Step;

/// Without these a walk is too weak to say anything.
pub const MUST_OCCUR: [&str; 8] = [
    "in",
    "in, refreshed in the request",
    "let in by the callback",
    "sign-in form",
    "signed in by password",
    "filter 401 session_expired",
    "filter 401 session_revoked",
    "to the team domain: session_expired",
];

#[derive(Default)]
pub struct Coverage {
    pub steps: BTreeMap<&'static str, usize>,
    pub outcomes: BTreeMap<String, usize>,
}

impl Coverage {
    pub fn count(&mut self, step: &Step, seen: &[Seen]) {
        *self.steps.entry(step.kind()).or_default() += 1;
        for one in seen {
            self.count_outcome(&one.kind());
        }
    }

    pub fn count_outcome(&mut self, outcome: &str) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "steps:")?;
        for (step, times) in &self.steps {
            writeln!(f, "{times:8} {step}")?;
        }
        writeln!(f, "outcomes:")?;
        for (outcome, times) in &self.outcomes {
            writeln!(f, "{times:8} {outcome}")?;
        }
        Ok(())
    }
}
