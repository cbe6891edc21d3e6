//! The ids of rules in tokens and in the feed.
//!
//! An id is a hash of what decides that a person gets this rule and no other: the identity part of
//! the rule and of all rules before it, and the session duration. It survives restarts and exports.
//! Filters refuse tokens whose rule is gone, so a changed identity part, a shorter duration or a
//! `block` before the rule acts at once; users who are still admitted get a new token without a
//! prompt. A change of addresses keeps the id: filters apply it to the tokens that exist.
//!
//! Where only rules that admit e-mail addresses, domains or everyone from anywhere come before a rule
//! of that kind, its id is that of earlier versions and depends on the rule alone: such rules admit
//! alike, so it does not matter which of them a token names.

use std::time::Duration;

use portcullis::protocol::base64url;
use serde::Serialize;

use super::evaluate::{Inclusion, Matched};
use super::rules::{Action, Policy, Rule};
use super::selector::{Selector, Subject};

const PLAIN_LABEL: &[u8] = b"portcullis policy rule\0";
const LABEL: &[u8] = b"portcullis policy rules\0";

/// The identity part of a rule. Access groups count with their contents.
#[derive(Serialize)]
struct IdentityPart<'a> {
    action: Action,
    include: Vec<Part<'a>>,
    require: Vec<Part<'a>>,
    exclude: Vec<Part<'a>>,
    /// Whether `include` can also be satisfied by an address.
    or_address: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    Selector(&'a Selector),
    Groups(Vec<&'a super::rules::Conditions>),
}

impl Policy {
    /// The id of a rule; `session_duration` is the rule's own, or else the application's.
    #[must_use]
    pub fn rule_id(&self, matched: Matched<'_>, session_duration: Duration) -> String {
        let Matched { rule, index, by } = matched;
        let before = self.rules().iter().take(index);
        // `service` rules and the others decide apart, and a block of addresses about no person.
        let before = before.filter(|one| {
            one.action != Action::Bypass
                && (one.action == Action::Service) == (rule.action == Action::Service)
                && !self.blocks_addresses(one)
        });
        let before: Vec<&Rule> = before.collect();
        let is_plain = by == Inclusion::Identity
            && self.is_plain(rule)
            && (before.is_empty() || self.networks(matched).is_all())
            && before
                .iter()
                .all(|one| self.is_plain(one) && !self.asks_for_address(one));
        if is_plain {
            return plain_id(rule, session_duration);
        }
        let mut hash = hmac_sha256::Hash::new();
        hash.update(LABEL);
        for one in before.iter().chain([&rule]) {
            // Serializing these types to memory cannot fail; if it did, no token would have the id.
            let part = serde_json::to_vec(&self.identity_part(one)).unwrap_or_default();
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(by == Inclusion::Address)]);
        hash.update(session_duration.as_secs().to_be_bytes());
        shortened(&hash.finalize())
    }

    fn identity_part<'a>(&'a self, rule: &'a Rule) -> IdentityPart<'a> {
        let of = |selectors: &'a [Selector]| {
            let about_identity = |one: &&Selector| self.subject(one) != Subject::Address;
            let selectors = selectors.iter().filter(about_identity);
            let parts = selectors.map(|one| match one {
                Selector::AccessGroup(_) => {
                    Part::Groups(self.named(one).map(|group| &group.conditions).collect())
                }
                one => Part::Selector(one),
            });
            parts.collect()
        };
        let conditions = &rule.conditions;
        let mut include = conditions.include.iter();
        IdentityPart {
            action: rule.action,
            include: of(&conditions.include),
            require: of(&conditions.require),
            exclude: of(&conditions.exclude),
            or_address: include.any(|one| self.subject(one) == Subject::Address),
        }
    }

    /// Whether the identity part admits by addresses, domains or everyone alone.
    fn is_plain(&self, rule: &Rule) -> bool {
        let conditions = &rule.conditions;
        let about_address = |one: &Selector| self.subject(one) == Subject::Address;
        let mut others = conditions.require.iter().chain(&conditions.exclude);
        rule.action == Action::Allow
            && others.all(about_address)
            && conditions.include.iter().all(|one| {
                about_address(one)
                    || matches!(
                        one,
                        Selector::Email(_) | Selector::EmailDomain(_) | Selector::Everyone(_)
                    )
            })
    }

    fn asks_for_address(&self, rule: &Rule) -> bool {
        let mut selectors = rule.conditions.selectors();
        selectors.any(|one| self.subject(one) == Subject::Address)
    }
}

/// An id that also depends on something else that tokens carry, of which this is the hash.
#[must_use]
pub fn depending_on(id: &str, digest: &[u8; 32]) -> String {
    let mut hash = hmac_sha256::Hash::new();
    hash.update(digest);
    hash.update(id.as_bytes());
    shortened(&hash.finalize())
}

fn plain_id(rule: &Rule, session_duration: Duration) -> String {
    let (mut emails, mut domains, mut everyone) = (Vec::new(), Vec::new(), false);
    for selector in &rule.conditions.include {
        match selector {
            Selector::Email(values) => emails.extend(&values.0),
            Selector::EmailDomain(values) => domains.extend(&values.0),
            Selector::Everyone(_) => everyone = true,
            _ => {}
        }
    }
    let mut hash = hmac_sha256::Hash::new();
    hash.update(PLAIN_LABEL);
    // With lengths, two different rules never make the same byte sequence.
    for list in [emails, domains] {
        hash.update((list.len() as u64).to_be_bytes());
        for item in list {
            hash.update((item.len() as u64).to_be_bytes());
            hash.update(item.as_bytes());
        }
    }
    hash.update([u8::from(everyone)]);
    hash.update(session_duration.as_secs().to_be_bytes());
    shortened(&hash.finalize())
}

fn shortened(hash: &[u8; 32]) -> String {
    let [a, b, c, d, e, f, g, h, i, ..] = *hash;
    base64url::encode(&[a, b, c, d, e, f, g, h, i])
}
