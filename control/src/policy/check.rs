//! Checking a policy as an administrator wrote it: every rule, all problems at once.

pub mod access_group;
pub mod context;
mod fit_for_filters;
mod known;
mod place;
mod rule;
mod selectors;
mod single;

pub use single::method;

use serde_json::Value;

use super::rules::{Policy, Rule};
use super::selector::{AnyOf, Selector};
use crate::config::values::{Table, texts};
use crate::problems::InputProblems;
use context::{Names, PolicyContext};

/// The most rules of a policy.
pub const MAX_RULES: usize = 200;

/// The policy that the drafts make. If `None`, at least one problem was noted.
pub fn check(
    drafts: &[Value],
    context: PolicyContext<'_>,
    problems: &mut InputProblems,
) -> Option<Policy> {
    if drafts.len() > MAX_RULES {
        let message = format!("are too many rules; at most {MAX_RULES} are allowed");
        problems.add(context.path, drafts.len(), message);
        return None;
    }
    let rules = drafts.iter().enumerate();
    let rules: Vec<Option<Rule>> = rules
        .map(|(index, draft)| rule::rule(draft, index, context, problems))
        .collect();
    let mut is_valid = true;
    let ids = rules.iter().map(|rule| rule.as_ref().map(|rule| &rule.id));
    for (index, id) in ids.clone().enumerate() {
        if id.is_some() && ids.clone().take(index).any(|other| other == id) {
            let path = format!("{}[{index}].id", context.path);
            problems.add(&path, id.map_or("", |id| id), "is used twice");
            is_valid = false;
        }
    }
    let rules: Vec<Rule> = rules.into_iter().collect::<Option<_>>()?;
    let policy = Policy::new(rules, context.names.access_groups).filter(|_| is_valid)?;
    fit_for_filters::check(&policy, context.path, problems).then_some(policy)
}

/// People outside of a policy: `emails` and `groups`, of which one suffices. `None` is a problem.
pub fn people(mut table: Table<'_>, names: Names<'_>) -> Option<Vec<Selector>> {
    let mut selectors = Vec::new();
    let (mut is_valid, mut values) = (true, Vec::new());
    for name in ["emails", "groups"] {
        let path = table.path_of(name);
        let given = texts(&mut table, name);
        is_valid &= given.is_some() || !table.has(name);
        for (index, text) in given.into_iter().flatten().enumerate() {
            let path = format!("{path}[{index}]");
            let value = match name {
                "emails" => single::email(&text, &path, table.problems()),
                _ => group(&text, &path, names, table.problems()),
            };
            is_valid &= value.is_some();
            values.extend(value);
        }
        if values.is_empty() {
            continue;
        }
        let values = AnyOf(std::mem::take(&mut values));
        selectors.push(match name {
            "emails" => Selector::Email(values),
            _ => Selector::Group(values),
        });
    }
    table.finish();
    is_valid.then_some(selectors)
}

/// A group of an identity provider outside of a policy. `None` is a problem.
pub fn group(
    text: &str,
    path: &str,
    names: Names<'_>,
    problems: &mut InputProblems,
) -> Option<String> {
    let group = single::plain(text, path, problems)?;
    known::group_exists(&group, names, path, problems).then_some(group)
}
