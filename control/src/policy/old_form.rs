//! The form in which policies were written and stored before: a list of
//! `{ emails, email_domains, everyone }`. It is still read; the next change stores the new form.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::rules::{AccessGroup, Action, Conditions, Policy, Rule};
use super::selector::{AnyOf, Selector};

/// A policy as the database has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredPolicy {
    /// In the old form.
    Old(Vec<OldRule>),
    /// In today's form.
    New {
        /// The rules.
        rules: Vec<Rule>,
        /// The access groups that they name.
        #[serde(default)]
        access_groups: Vec<AccessGroup>,
    },
}

/// A rule in the old form, which admits a user if any of its parts fits.
#[derive(Debug, Default, Deserialize)]
pub struct OldRule {
    /// E-mail addresses, as they are shown.
    pub emails: Vec<String>,
    /// What follows the `@`, as it is shown.
    pub email_domains: Vec<String>,
    /// Every user who can sign in.
    pub everyone: bool,
    /// The session duration of the users that it admits, in seconds; absent: the application's.
    #[serde(default)]
    pub session_duration_seconds: Option<u64>,
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (rules, groups) = match StoredPolicy::deserialize(deserializer)? {
            StoredPolicy::Old(rules) => {
                let rules = rules.into_iter().enumerate();
                let rules = rules.map(|(index, rule)| rule.into_rule(index));
                (rules.collect(), Vec::new())
            }
            StoredPolicy::New {
                rules,
                access_groups,
            } => (rules, access_groups),
        };
        Self::new(rules, &groups)
            .ok_or_else(|| D::Error::custom("the policy lacks an access group that it names"))
    }
}

impl OldRule {
    /// The same rule in today's form; `index` is its place in the policy.
    #[must_use]
    pub fn into_rule(self, index: usize) -> Rule {
        let list = |values: Vec<String>, selector: fn(AnyOf) -> Selector| {
            (!values.is_empty()).then(|| selector(AnyOf(values)))
        };
        let include = [
            list(self.emails, Selector::Email),
            list(self.email_domains, Selector::EmailDomain),
            self.everyone.then_some(Selector::Everyone(true)),
        ];
        Rule {
            id: format!("rule-{}", index + 1),
            action: Action::Allow,
            conditions: Conditions {
                include: include.into_iter().flatten().collect(),
                ..Conditions::default()
            },
            session_duration: self.session_duration_seconds.map(Duration::from_secs),
        }
    }
}
