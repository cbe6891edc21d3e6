//! What an administrator should know about a policy.

use super::evaluate::Inclusion;
use super::rules::{Action, Policy, Rule};
use super::selector::{Selector, Subject};
use crate::sign_in::email::characters::{mixed_scripts, visible};

/// Of a policy that admits nobody.
pub const ADMITS_NOBODY: &str = "nobody can sign in to it, because its policy has no `allow` rule: \
    `application set` with --allow-email, --allow-domain or --allow-everyone gives it one";

/// One sentence for each address or domain that mixes scripts, and for each rule without effect.
#[must_use]
pub fn notes(policy: &Policy) -> Vec<String> {
    let mut notes = spelling(policy);
    notes.extend(without_effect(policy));
    notes
}

fn spelling(policy: &Policy) -> Vec<String> {
    let texts = policy.selectors().flat_map(|selector| match selector {
        Selector::Email(values) | Selector::EmailDomain(values) => values.0.as_slice(),
        _ => &[],
    });
    texts
        .filter_map(|text| {
            let scripts = mixed_scripts(text);
            let text = visible(text);
            (!scripts.is_empty()).then(|| {
                format!(
                    "{text} in the policy mixes {} letters, some of which look alike",
                    scripts.join(" and ")
                )
            })
        })
        .collect()
}

/// Rules that no request reaches, and rules that no address satisfies.
fn without_effect(policy: &Policy) -> Vec<String> {
    let mut notes = Vec::new();
    let mut deciding: Option<&Rule> = None;
    for rule in policy.rules() {
        if !matches!(rule.action, Action::Allow | Action::Block) {
            continue;
        }
        if let Some(earlier) = deciding {
            notes.push(format!(
                "the rule `{}` is never reached: `{}` before it decides about everybody, also where its \
                 addresses do not fit",
                rule.id, earlier.id
            ));
        } else if policy.decides_about_everybody(rule) {
            deciding = Some(rule);
        }
    }
    for way in policy.admitting() {
        if policy.networks(way).is_empty() {
            let because = match way.by {
                Inclusion::Identity => "",
                Inclusion::Address => " by its `ip` selectors",
            };
            notes.push(format!(
                "the rule `{}` admits nobody{because}: no address satisfies it",
                way.rule.id
            ));
        }
    }
    for rule in policy.rules() {
        if rule.action != Action::Bypass {
            continue;
        }
        let entries = policy.entries_of(&rule.conditions);
        if entries.iter().all(|entry| entry.networks.is_empty()) {
            notes.push(format!(
                "the rule `{}` opens nothing: no address satisfies it",
                rule.id
            ));
        }
    }
    notes
}

impl Policy {
    /// Whether the identity part of a rule fits everybody.
    fn decides_about_everybody(&self, rule: &Rule) -> bool {
        let conditions = &rule.conditions;
        let about_address = |one: &Selector| self.subject(one) == Subject::Address;
        let everyone = |one: &Selector| matches!(one, Selector::Everyone(_));
        let mut others = conditions.require.iter();
        !self.blocks_addresses(rule)
            && conditions
                .include
                .iter()
                .any(|one| everyone(one) || about_address(one))
            && others.all(|one| everyone(one) || about_address(one))
            && conditions.exclude.iter().all(about_address)
    }
}
