//! A policy and its rules, in the one form that the configuration file, the admin API and the
//! database share.

use std::collections::HashSet;
use std::iter;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::selector::{Selector, Subject};

/// An ordered list of rules. Who is admitted by none of them is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    rules: Vec<Rule>,
    /// The access groups that the rules name, as they are now. They are stored with the policy, so
    /// that one row says who is admitted; whoever changes a group changes the policies that name it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access_groups: Vec<AccessGroup>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Its name, for people; unique in the policy.
    pub id: String,
    /// What becomes of those whom it fits.
    pub action: Action,
    /// Whom it fits.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// The session duration of the users that it admits; absent: the application's.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "duration_text"
    )]
    #[schema(value_type = Option<String>)]
    pub session_duration: Option<Duration>,
}

/// What becomes of those whom a rule fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// They are admitted.
    Allow,
    /// They are not.
    Block,
    /// The request needs no session.
    Bypass,
    /// A service token is admitted.
    Service,
}

/// Whom a rule or an access group fits: any of `include`, all of `require`, none of `exclude`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conditions {
    /// At least one of these.
    #[serde(default)]
    pub include: Vec<Selector>,
    /// Each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<Selector>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Selector>,
}

/// Conditions with a name, which policies share. They ask either about identity or about addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessGroup {
    /// Its name.
    pub name: String,
    /// Whom it fits.
    #[serde(flatten)]
    pub conditions: Conditions,
}

/// A rule that admits every user who can sign in, as an administrator would write it.
#[must_use]
pub fn everyone() -> Value {
    json!({ "id": "everyone", "action": "allow", "include": [{ "everyone": true }] })
}

impl Policy {
    /// A policy of these rules. Of `groups` it keeps those that the rules name. `None` if a group is
    /// missing.
    #[must_use]
    pub fn new(rules: Vec<Rule>, groups: &[AccessGroup]) -> Option<Self> {
        let mut access_groups: Vec<AccessGroup> = Vec::new();
        for name in rules.iter().flat_map(Rule::access_groups) {
            if access_groups.iter().any(|group| group.name == *name) {
                continue;
            }
            access_groups.push(groups.iter().find(|group| group.name == *name)?.clone());
        }
        access_groups.sort_by(|one, other| one.name.cmp(&other.name));
        Some(Self {
            rules,
            access_groups,
        })
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The access groups that the rules name, by name.
    #[must_use]
    pub fn access_groups(&self) -> &[AccessGroup] {
        &self.access_groups
    }

    /// Whether a rule names an access group.
    #[must_use]
    pub fn names_access_group(&self, name: &str) -> bool {
        self.access_groups.iter().any(|group| group.name == name)
    }

    /// The groups of identity providers that the rules name, also through access groups: each once, in
    /// the order of the rules.
    #[must_use]
    pub fn provider_groups(&self) -> Vec<&str> {
        let selectors = self
            .rules
            .iter()
            .flat_map(|rule| rule.conditions.selectors());
        let selectors = selectors.flat_map(|selector| {
            let groups = self.named(selector);
            let within = groups.flat_map(|group| group.conditions.selectors());
            iter::once(selector).chain(within)
        });
        let mut known = HashSet::new();
        let names = selectors.flat_map(Selector::provider_groups);
        names
            .map(String::as_str)
            .filter(|name| known.insert(*name))
            .collect()
    }

    /// The same policy with these access groups in place of those of the same names.
    #[must_use]
    pub fn with_access_groups(&self, groups: &[AccessGroup]) -> Self {
        let current = |group: &AccessGroup| {
            let mut others = groups.iter();
            others.find(|other| other.name == group.name).cloned()
        };
        let access_groups = self.access_groups.iter();
        Self {
            rules: self.rules.clone(),
            access_groups: access_groups
                .map(|group| current(group).unwrap_or_else(|| group.clone()))
                .collect(),
        }
    }

    /// Whether no rule admits a person.
    #[must_use]
    pub fn admits_nobody(&self) -> bool {
        !self.rules.iter().any(|rule| rule.action == Action::Allow)
    }

    /// All selectors, also those of the access groups.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        let rules = self.rules.iter().map(|rule| &rule.conditions);
        let groups = self.access_groups.iter().map(|group| &group.conditions);
        rules.chain(groups).flat_map(Conditions::selectors)
    }

    /// What a selector asks about. Access groups of one selector all ask about the same.
    #[must_use]
    pub fn subject(&self, selector: &Selector) -> Subject {
        let mut groups = self.named(selector);
        match groups.next() {
            None => selector.subject(),
            Some(group) => group.subject(),
        }
    }

    /// The access groups that a selector names.
    pub fn named<'a>(&'a self, selector: &'a Selector) -> impl Iterator<Item = &'a AccessGroup> {
        let names = selector.access_groups();
        let groups = self.access_groups.iter();
        groups.filter(move |group| names.contains(&group.name))
    }
}

impl Rule {
    /// The names of the access groups in it.
    pub fn access_groups(&self) -> impl Iterator<Item = &String> {
        self.conditions
            .selectors()
            .flat_map(Selector::access_groups)
    }
}

impl Conditions {
    /// All selectors.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        let lists = [&self.include, &self.require, &self.exclude];
        lists.into_iter().flatten()
    }
}

impl AccessGroup {
    /// What it asks about: [`Subject::Identity`] or [`Subject::Address`].
    #[must_use]
    pub fn subject(&self) -> Subject {
        let mut selectors = self.conditions.selectors();
        if selectors.any(|selector| selector.subject() == Subject::Address) {
            Subject::Address
        } else {
            Subject::Identity
        }
    }
}

impl Action {
    /// All of them.
    const ALL: [Self; 4] = [Self::Allow, Self::Block, Self::Bypass, Self::Service];

    /// The action with a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
            Self::Bypass => "bypass",
            Self::Service => "service",
        }
    }
}

/// A duration as people write it: `8h`.
mod duration_text {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::sessions::durations;

    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = duration.map(durations::to_text).unwrap_or_default();
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let duration = durations::parse(&text);
        let wrong = || serde::de::Error::custom("a session duration is not a duration");
        duration.map(Some).ok_or_else(wrong)
    }
}
