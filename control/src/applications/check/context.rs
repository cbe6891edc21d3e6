//! How a draft is checked.

use serde::de::DeserializeOwned;

use crate::policy::check::context::Names;
use crate::problems::InputProblems;
use crate::sessions::durations::Bounds;

/// How a draft is checked.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext<'a> {
    /// Where the draft stands, as `applications[0]`; empty if it stands alone.
    pub path: &'a str,
    /// Whether durations may be very short.
    pub demo: bool,
    /// What a policy may name.
    pub names: Names<'a>,
}

impl CheckContext<'_> {
    /// The path of a field.
    pub fn at(self, field: &str) -> String {
        if self.path.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.path)
        }
    }

    /// The bounds of session durations.
    pub fn session_bounds(self) -> Bounds {
        Bounds::of_sessions(self.demo)
    }
}

/// A word of an enumeration, and the path where it stands.
pub struct Word {
    pub path: String,
    pub text: String,
}

impl Word {
    /// The enumeration's value; `choices` completes "must be …".
    pub fn parse<T: DeserializeOwned>(
        self,
        choices: &str,
        problems: &mut InputProblems,
    ) -> Option<T> {
        let value = serde_json::from_value(serde_json::Value::String(self.text.clone()));
        if value.is_err() {
            problems.add(&self.path, self.text, format!("must be {choices}"));
        }
        value.ok()
    }
}
