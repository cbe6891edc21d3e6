//! What is wrong with a configuration, in the filter's words.

use std::fmt;

use serde_json::Value;

use crate::fields::Problems;

/// The path of a problem that concerns no single field.
const WHOLE: &str = "the configuration";

/// All that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigProblem>);

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The field, such as `control.timeout`; empty for the whole.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ConfigErrors {
    pub(super) fn add(&mut self, path: &str, problem: String) {
        self.0.push(ConfigProblem {
            path: path.to_owned(),
            problem,
        });
    }
}

impl Problems for ConfigErrors {
    const NOT_AN_OBJECT: &'static str = "must be an object";
    const NOT_A_LIST: &'static str = "must be a list of objects";

    fn report(&mut self, path: &str, value: Option<&Value>, problem: &str) {
        let problem = match value {
            Some(value) => format!("{problem} (it is {})", show(value)),
            None => problem.to_owned(),
        };
        self.add(path, problem);
    }

    fn report_unknown(&mut self, path: &str, _: &Value, parent: &str, known: &[&str]) {
        let parent = whole_if_empty(parent);
        let known = known.join(", ");
        self.add(path, format!("is not a known field; {parent} has {known}"));
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration:")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", whole_if_empty(&self.path), self.problem)
    }
}

fn whole_if_empty(path: &str) -> &str {
    if path.is_empty() { WHOLE } else { path }
}

/// A value as it was written, truncated so that it does not flood the log.
fn show(value: &Value) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(80) {
        text.truncate(end);
        text.push('…');
    }
    text
}
