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
