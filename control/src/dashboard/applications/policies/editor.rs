//! The fields of the rule that is open.

use super::condition::Condition;
use super::edited::Open;
use super::kinds::{CLAIM, EVERYONE, Kind, OF_ACCESS_GROUPS};
use super::list::List;
use super::mistake::Mistake;
use super::rule::RuleDraft;
use crate::dashboard::shown::Shown;
use crate::policy::rules::Action;

/// The fields.
pub struct Editor {
    /// The rule's place in the policy.
    pub index: usize,
    /// The rule's name.
    pub title: Shown,
    /// What was typed.
    pub id: String,
    /// The actions: word, label, whether it is chosen.
    pub actions: Vec<(&'static str, &'static str, bool)>,
    /// What was typed.
    pub session_duration: String,
    /// The lists of conditions.
    pub conditions: Conditions,
}

/// The fields of the lists of conditions, of a rule or of an access group.
pub struct Conditions {
    /// The lists.
    pub lists: Vec<ListFields>,
    /// The rule's place in the policy.
    index: usize,
    mistakes: Vec<Mistake>,
}

/// A list of conditions.
pub struct ListFields {
    /// Its name in a policy.
    pub name: &'static str,
    /// What it means.
    pub legend: &'static str,
    /// Its conditions.
    pub conditions: Vec<ConditionFields>,
    /// What can be added.
    pub offered: &'static [&'static Kind],
    /// What rules with other actions can have.
    pub others: Vec<&'static Kind>,
}

/// A condition.
pub struct ConditionFields {
    /// Its kind.
    pub kind: &'static Kind,
    /// Its place in the list.
    pub position: usize,
    /// The id of its field.
    pub field: String,
    /// The name of a claim; `None` for other kinds.
    pub name: Option<String>,
    /// The values, one a line; `None` for a kind without.
    pub values: Option<String>,
}

impl Editor {
    /// The fields of a rule, and what is wrong with them.
    pub fn of(open: &Open, mistakes: &[Mistake]) -> Self {
        let rule = &open.rule;
        let action =
            |action: Action, label| (action.as_str(), label, action.as_str() == rule.action);
        Self {
            index: open.index,
            title: match rule.id.as_str() {
                "" => Shown::new("New rule"),
                id => Shown::new(&format!("Rule {id}")),
            },
            id: rule.id.clone(),
            actions: vec![
                action(Action::Allow, "allow: these people get in"),
                action(Action::Block, "block: these people do not get in"),
                action(Action::Bypass, "bypass: these requests need no session"),
                action(Action::Service, "service: these service tokens get in"),
            ],
            session_duration: rule.session_duration.clone(),
            conditions: Conditions::of_rule(open, mistakes),
        }
    }

    /// What is wrong with a field.
    pub fn wrong(&self, field: &str) -> Vec<&Shown> {
        self.conditions.wrong(field)
    }
}

impl Conditions {
    fn of_rule(open: &Open, mistakes: &[Mistake]) -> Self {
        let rule = &open.rule;
        let lists = List::ALL.map(|list| {
            let offered = Kind::offered(rule.known_action(), list);
            ListFields::of(rule, list, (offered, Kind::others(offered)))
        });
        Self {
            lists: lists.into(),
            index: open.index,
            mistakes: mistakes.to_vec(),
        }
    }

    /// Those of an access group, which is edited as a rule.
    pub fn of_access_group(group: &RuleDraft, mistakes: &[Mistake]) -> Self {
        let lists =
            List::ALL.map(|list| ListFields::of(group, list, (OF_ACCESS_GROUPS, Vec::new())));
        Self {
            lists: lists.into(),
            index: 0,
            mistakes: mistakes.to_vec(),
        }
    }

    /// What is wrong with a field.
    pub fn wrong(&self, field: &str) -> Vec<&Shown> {
        let mistakes = self.mistakes.iter();
        let mistakes = mistakes.filter(|one| one.is_at(self.index, field));
        mistakes.map(|one| &one.text).collect()
    }

    /// What is wrong with the name of a claim.
    pub fn wrong_name(&self, field: &str) -> Vec<&Shown> {
        self.wrong(&format!("{field}-name"))
    }

    /// What is wrong with a list as a whole.
    pub fn wrong_list(&self, list: &str) -> Vec<&Shown> {
        self.wrong(&format!("add-{list}"))
    }
}

impl ListFields {
    fn of(
        rule: &RuleDraft,
        list: List,
        (offered, others): (&'static [&'static Kind], Vec<&'static Kind>),
    ) -> Self {
        Self {
            name: list.name(),
            legend: match list {
                List::Include => "Any of these fits",
                List::Require => "All of these fit",
                List::Exclude => "None of these fits",
            },
            conditions: fields(rule.conditions(list), list),
            offered,
            others,
        }
    }
}

fn fields(conditions: &[Condition], list: List) -> Vec<ConditionFields> {
    let conditions = conditions.iter().enumerate();
    let conditions = conditions.map(|(position, one)| ConditionFields {
        kind: one.kind,
        position,
        field: format!("{}-{position}", list.name()),
        name: (*one.kind == CLAIM).then(|| one.name.clone()),
        values: (*one.kind != EVERYONE).then(|| one.values.join("\n")),
    });
    conditions.collect()
}
