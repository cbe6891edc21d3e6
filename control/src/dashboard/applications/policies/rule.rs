//! A rule as it was typed, which may be wrong.

use serde_json::Value;

use super::condition::Condition;
use crate::policy::rules::{Action, Policy};

/// A list of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Any of them fits.
    Include,
    /// All of them fit.
    Require,
    /// None of them fits.
    Exclude,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleDraft {
    /// Its name.
    pub id: String,
    /// The word of its action.
    pub action: String,
    /// Empty: as the application.
    pub session_duration: String,
    include: Vec<Condition>,
    require: Vec<Condition>,
    exclude: Vec<Condition>,
}

impl List {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Include, Self::Require, Self::Exclude];

    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Require => "require",
            Self::Exclude => "exclude",
        }
    }

    /// What it means.
    pub fn label(self) -> &'static str {
        match self {
            Self::Include => "Any of",
            Self::Require => "All of",
            Self::Exclude => "None of",
        }
    }
}

impl RuleDraft {
    /// The rules of a policy.
    pub fn all_of(policy: &Policy) -> Vec<Self> {
        let rules = policy.rules().iter();
        // Serializing rules to memory cannot fail, and what is serialized is a rule.
        let rules = rules.filter_map(|rule| serde_json::to_value(rule).ok());
        rules.filter_map(|rule| Self::of(&rule)).collect()
    }

    /// Reads a rule in the form of a policy. `None` if it is none.
    pub fn of(rule: &Value) -> Option<Self> {
        let fields = rule.as_object()?;
        let text = |name: &str| match fields.get(name) {
            None => Some(String::new()),
            Some(value) => value.as_str().map(ToOwned::to_owned),
        };
        let conditions = |list: List| match fields.get(list.name()) {
            None => Some(Vec::new()),
            Some(value) => value.as_array()?.iter().map(Condition::of).collect(),
        };
        Some(Self {
            id: text("id")?,
            action: text("action")?,
            session_duration: text("session_duration")?,
            include: conditions(List::Include)?,
            require: conditions(List::Require)?,
            exclude: conditions(List::Exclude)?,
        })
    }

    /// A list of its conditions.
    pub fn conditions(&self, list: List) -> &[Condition] {
        match list {
            List::Include => &self.include,
            List::Require => &self.require,
            List::Exclude => &self.exclude,
        }
    }

    /// Its action, if it is one.
    pub fn known_action(&self) -> Option<Action> {
        let actions = [
            Action::Allow,
            Action::Block,
            Action::Bypass,
            Action::Service,
        ];
        actions
            .into_iter()
            .find(|action| action.as_str() == self.action)
    }

    /// Whether it is judged on every request, not at sign-in and renewal.
    pub fn is_about_requests(&self) -> bool {
        matches!(self.known_action(), Some(Action::Bypass | Action::Service))
    }
}
