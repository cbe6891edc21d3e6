//! Whether filters can carry out a policy: what they check on every request is a list of networks,
//! and a list of paths.

use crate::policy::networks::Networks;
use crate::policy::rules::{Action, Policy, Rule};
use crate::policy::selector::{Selector, Subject};
use crate::problems::InputProblems;

/// The most networks that a rule may leave, after everything was taken from everything.
pub const MAX_RANGES: usize = 512;
/// The most networks that all rules may leave together: each has a copy in every worker of every filter.
const MAX_RANGES_OF_ALL: usize = 20_000;
/// The most ways to satisfy a `bypass` rule.
const MAX_WAYS: usize = 512;
/// The most networks with which the ways of a `bypass` rule may be compared, before anything is taken
/// out: so many fit into memory.
const MAX_COMPARED: usize = 1_000_000;

/// Whether no problem was noted. `path` is that of the policy.
pub(super) fn check(policy: &Policy, path: &str, problems: &mut InputProblems) -> bool {
    let before = problems.len();
    // How many networks each rule leaves.
    let mut left: Vec<(usize, &str)> = Vec::new();
    for (index, rule) in policy.rules().iter().enumerate() {
        let path = format!("{path}[{index}]");
        let count = match rule.action {
            Action::Allow | Action::Service => {
                let ways = policy.admitting().filter(|way| way.index == index);
                ways.map(|way| few_ranges(&policy.networks(way), &rule.id, &path, problems))
                    .sum()
            }
            Action::Block => {
                one_kind(policy, rule, &path, problems);
                0
            }
            Action::Bypass => few_ways(policy, rule, &path, problems),
        };
        left.push((count, &rule.id));
    }
    if problems.len() == before {
        few_of_all(&left, path, problems);
    }
    problems.len() == before
}

fn few_of_all(left: &[(usize, &str)], path: &str, problems: &mut InputProblems) {
    let all: usize = left.iter().map(|(count, _)| count).sum();
    if let Some((most, id)) = left.iter().max()
        && all > MAX_RANGES_OF_ALL
    {
        let message = format!(
            "are too many networks, of all rules together, once `require`, `exclude` and earlier `block` \
             rules are applied; at most {MAX_RANGES_OF_ALL} are allowed. The rule `{id}` leaves {most}: use \
             fewer and larger networks, and fewer paths in `bypass` rules with networks"
        );
        problems.add(path, all, message);
    }
}

/// How many networks these are in the feed.
fn few_ranges(networks: &Networks, id: &str, path: &str, problems: &mut InputProblems) -> usize {
    if networks.is_all() {
        return 0;
    }
    let count = networks.to_ranges().len();
    if count > MAX_RANGES {
        let message = format!(
            "leaves {count} networks once `require`, `exclude` and earlier `block` rules are applied; \
             at most {MAX_RANGES} are allowed: use fewer and larger networks"
        );
        problems.add(path, id, message);
    }
    count
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

/// How many networks the rule has in the feed.
fn few_ways(policy: &Policy, rule: &Rule, path: &str, problems: &mut InputProblems) -> usize {
    let conditions = &rule.conditions;
    let values = |selectors: &[Selector]| -> usize {
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
        return 0;
    }
    let networks = conditions
        .selectors()
        .filter_map(|one| policy.selector_networks(one));
    let compared = networks.fold(0, |sum, networks| networks.intervals() + sum);
    if compared.saturating_mul(product) > MAX_COMPARED {
        let message = format!(
            "opens {product} combinations of paths and methods from {compared} networks each; use fewer \
             paths, or fewer and larger networks"
        );
        problems.add(path, &rule.id, message);
        return 0;
    }
    let entries = policy.entries_of(conditions);
    if entries.is_empty() {
        let message = "opens nothing: no path or method satisfies all of `require`";
        problems.add(path, &rule.id, message);
    }
    let counts = entries
        .iter()
        .map(|entry| few_ranges(&entry.networks, &rule.id, path, problems));
    counts.sum()
}
