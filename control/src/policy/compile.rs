//! What filters check of a policy on every request, in the form of the feed.

use std::time::Duration;

use portcullis::protocol::feed;

use super::evaluate::{Inclusion, Matched};
use super::networks::Networks;
use super::rules::{AccessGroup, Action, Conditions, Policy, Rule};
use super::selector::{Selector, Subject};

impl Policy {
    /// The rules of the feed. `application_duration` is the application's session duration.
    #[must_use]
    pub fn feed_rules(&self, application_duration: Duration) -> Vec<feed::Rule> {
        let mut rules: Vec<feed::Rule> = Vec::new();
        for matched in self.admitting() {
            let duration = matched.session_duration(application_duration);
            let id = self.rule_id(matched, duration);
            // Two rules with one id ask the same about identity: the first decides.
            if rules.iter().any(|rule| rule.id == id) {
                continue;
            }
            let networks = self.networks(matched);
            rules.push(feed::Rule {
                id,
                source_ranges: (!networks.is_all()).then(|| networks.to_texts()),
            });
        }
        rules
    }

    /// Every way in which a rule can admit somebody.
    pub fn admitting(&self) -> impl Iterator<Item = Matched<'_>> {
        let rules = self.rules().iter().enumerate();
        rules.flat_map(|(index, rule)| {
            let ways = [Inclusion::Identity, Inclusion::Address];
            let ways = ways.into_iter().filter(|by| self.can_include(rule, *by));
            ways.map(move |by| Matched { rule, index, by })
        })
    }

    fn can_include(&self, rule: &Rule, by: Inclusion) -> bool {
        let mut include = rule.conditions.include.iter();
        match (rule.action, by) {
            (Action::Allow, Inclusion::Identity) => {
                include.any(|one| self.subject(one) != Subject::Address)
            }
            (Action::Allow, Inclusion::Address) => {
                include.any(|one| self.subject(one) == Subject::Address)
            }
            (Action::Service, by) => by == Inclusion::Identity,
            (Action::Block | Action::Bypass, _) => false,
        }
    }

    /// The addresses from which a rule admits those whom it fits: its own, without those that
    /// earlier `block` rules block.
    #[must_use]
    pub fn networks(&self, matched: Matched<'_>) -> Networks {
        let Matched { rule, index, by } = matched;
        let own = self.conditions_networks(&rule.conditions, by);
        if rule.action != Action::Allow {
            return own;
        }
        let earlier = self.rules().iter().take(index);
        let blocks = earlier.filter(|rule| self.blocks_addresses(rule));
        blocks.fold(own, |left, block| {
            left.without(&self.blocked_networks(block))
        })
    }

    /// The addresses that a `block` rule blocks for everybody.
    #[must_use]
    pub fn blocked_networks(&self, block: &Rule) -> Networks {
        let mut include = block.conditions.include.iter();
        let everyone = include.any(|one| matches!(one, Selector::Everyone(_)));
        let by = if everyone {
            Inclusion::Identity
        } else {
            Inclusion::Address
        };
        self.conditions_networks(&block.conditions, by)
    }

    /// The addresses that conditions leave, if `include` is satisfied by `by`.
    #[must_use]
    pub fn conditions_networks(&self, conditions: &Conditions, by: Inclusion) -> Networks {
        conditions.networks(by, |selector| self.selector_networks(selector))
    }

    /// The networks of a selector that asks about addresses.
    #[must_use]
    pub fn selector_networks(&self, selector: &Selector) -> Option<Networks> {
        match selector {
            Selector::AccessGroup(_) => {
                let groups = self.named(selector).filter_map(AccessGroup::networks);
                (self.subject(selector) == Subject::Address).then(|| any_of(groups))
            }
            selector => selector.networks(),
        }
    }
}

impl Matched<'_> {
    /// The rule's own duration, or the application's.
    #[must_use]
    pub fn session_duration(&self, application_duration: Duration) -> Duration {
        self.rule.session_duration.unwrap_or(application_duration)
    }
}

impl Selector {
    fn networks(&self) -> Option<Networks> {
        match self {
            Self::Ip(networks) => Some(Networks::of(networks.iter().map(|one| one.0))),
            _ => None,
        }
    }
}

impl AccessGroup {
    /// The addresses of a group that asks about them.
    #[must_use]
    pub fn networks(&self) -> Option<Networks> {
        if self.subject() != Subject::Address {
            return None;
        }
        let by = Inclusion::Address;
        Some(self.conditions.networks(by, Selector::networks))
    }
}

impl Conditions {
    /// The addresses that they leave, if `include` is satisfied by `by`. `of` has the networks of a
    /// selector that asks about addresses.
    fn networks(&self, by: Inclusion, of: impl Fn(&Selector) -> Option<Networks>) -> Networks {
        let included = match by {
            Inclusion::Identity => Networks::all(),
            Inclusion::Address => any_of(self.include.iter().filter_map(&of)),
        };
        let required = self.require.iter().filter_map(&of);
        let left = required.fold(included, |left, networks| left.and(&networks));
        left.without(&any_of(self.exclude.iter().filter_map(&of)))
    }
}

fn any_of(networks: impl Iterator<Item = Networks>) -> Networks {
    networks.fold(Networks::none(), |all, networks| all.or(&networks))
}
