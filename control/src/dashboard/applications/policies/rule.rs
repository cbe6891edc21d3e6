//! A rule as it was typed, which may be wrong.

use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::list::List;
use crate::policy::rules::{Action, Policy};

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

impl RuleDraft {
    /// The rules of a policy.
    pub fn all_of(policy: &Policy) -> Vec<Self> {
        let rules = policy.rules().iter();
        // Serializing rules to memory cannot fail, and what is serialized is a rule.
        let rules = rules.filter_map(|rule| serde_json::to_value(rule).ok());
        rules.filter_map(|rule| Self::of(&rule)).collect()
    }

    /// One without conditions yet.
    pub fn new(id: &str, action: &str, session_duration: &str) -> Self {
        Self {
            id: id.to_owned(),
            action: action.to_owned(),
            session_duration: session_duration.to_owned(),
            ..Self::default()
        }
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

    /// The rule in the form of a policy.
    pub fn value(&self) -> Value {
        let mut rule = Map::new();
        rule.insert("id".to_owned(), json!(self.id));
        rule.insert("action".to_owned(), json!(self.action));
        for list in List::ALL {
            let conditions = self.conditions(list).iter();
            let conditions: Vec<Value> = conditions.map(Condition::selector).collect();
            if list == List::Include || !conditions.is_empty() {
                rule.insert(list.name().to_owned(), Value::Array(conditions));
            }
        }
        if !self.session_duration.is_empty() {
            rule.insert("session_duration".to_owned(), json!(self.session_duration));
        }
        Value::Object(rule)
    }

    /// A list of its conditions.
    pub fn conditions(&self, list: List) -> &[Condition] {
        match list {
            List::Include => &self.include,
            List::Require => &self.require,
            List::Exclude => &self.exclude,
        }
    }

    /// The same, to be changed.
    pub fn conditions_mut(&mut self, list: List) -> &mut Vec<Condition> {
        match list {
            List::Include => &mut self.include,
            List::Require => &mut self.require,
            List::Exclude => &mut self.exclude,
        }
    }

    /// Takes a condition out of a list.
    pub fn drop_condition(&mut self, list: List, position: usize) {
        let conditions = self.conditions_mut(list);
        if position < conditions.len() {
            conditions.remove(position);
        }
    }

    /// Whether nothing was typed yet.
    pub fn is_blank(&self) -> bool {
        let lists = List::ALL.iter();
        self.id.is_empty()
            && lists
                .map(|list| self.conditions(*list).len())
                .sum::<usize>()
                == 0
    }

    /// Its action, if it is one.
    pub fn known_action(&self) -> Option<Action> {
        Action::named(&self.action)
    }

    /// Whether it is judged on every request, not at sign-in and renewal.
    pub fn is_about_requests(&self) -> bool {
        matches!(self.known_action(), Some(Action::Bypass | Action::Service))
    }
}
