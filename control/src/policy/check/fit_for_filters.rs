//! Whether filters can carry out a policy: what they check on every request is a list of networks,
//! and a list of paths.

use crate::policy::evaluate::Matched;
use crate::policy::networks::Networks;
use crate::policy::rules::{Action, Policy, Rule};
use crate::policy::selector::Subject;
use crate::problems::InputProblems;

/// The most networks that a rule may leave, after everything was taken from everything.
pub const MAX_RANGES: usize = 512;
/// The most ways to satisfy a `bypass` rule.
const MAX_WAYS: usize = 512;

/// Whether no problem was noted. `path` is that of the policy.
pub(super) fn check(policy: &Policy, path: &str, problems: &mut InputProblems) -> bool {
    let before = problems.len();
    for (index, rule) in policy.rules().iter().enumerate() {
        let path = format!("{path}[{index}]");
        match rule.action {
            Action::Allow | Action::Service => {
                let ways = policy.admitting().filter(|way| way.index == index);
                for way in ways {
                    few_enough(policy, way, &path, problems);
                }
            }
            Action::Block => one_kind(policy, rule, &path, problems),
            Action::Bypass => few_ways(policy, rule, &path, problems),
        }
    }
    problems.len() == before
}

fn few_enough(policy: &Policy, way: Matched<'_>, path: &str, problems: &mut InputProblems) {
    few_ranges(&policy.networks(way), &way.rule.id, path, problems);
}

fn few_ranges(networks: &Networks, id: &str, path: &str, problems: &mut InputProblems) {
    let count = networks.to_ranges().len();
    if !networks.is_all() && count > MAX_RANGES {
        let message = format!(
            "leaves {count} networks once `require`, `exclude` and earlier `block` rules are applied; \
             at most {MAX_RANGES} are allowed: use fewer and larger networks"
        );
        problems.add(path, id, message);
    }
}

/// A block of certain people at certain addresses would need one list of networks for each such
/// group of people.
fn one_kind(policy: &Policy, rule: &Rule, path: &str, problems: &mut InputProblems) {
    let mut selectors = rule.conditions.selectors();
    let about_addresses = selectors.any(|one| policy.subject(one) == Subject::Address);
    if about_addresses && !policy.blocks_addresses(rule) {
        let message = "blocks certain people at certain addresses, which filters cannot check; write an \
                       `allow` rule for these people instead, with `require = [ { ip = … } ]`: no later \
                       rule admits them from elsewhere";
        problems.add(path, &rule.id, message);
    }
}

fn few_ways(policy: &Policy, rule: &Rule, path: &str, problems: &mut InputProblems) {
    let conditions = &rule.conditions;
    let values = |selectors: &[crate::policy::selector::Selector]| -> usize {
        let counts = selectors.iter().map(|one| one.paths().max(1));
        counts.sum()
    };
    let require = conditions.require.iter().map(|one| one.paths().max(1));
    let product = require.fold(values(&conditions.include), usize::saturating_mul);
    if product > MAX_WAYS {
        let message = format!(
            "opens {product} combinations of paths and methods; at most {MAX_WAYS} are allowed"
        );
        problems.add(path, &rule.id, message);
        return;
    }
    let entries = policy.entries_of(conditions);
    if entries.is_empty() {
        let message = "opens nothing: no path or method satisfies all of `require`";
        problems.add(path, &rule.id, message);
    }
    for entry in entries {
        few_ranges(&entry.networks, &rule.id, path, problems);
    }
}
