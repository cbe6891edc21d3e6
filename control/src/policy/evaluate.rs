//! Which rule decides about a person or a service token: the first whose identity part fits.
//!
//! The request part (`ip`) is left to filters. A rule whose request part fails for a request still
//! decides: the request is refused, and no later rule is asked.

use super::person::Person;
use super::rules::{AccessGroup, Action, Conditions, Policy, Rule};
use super::selector::{Selector, Subject};

/// What a policy says about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Admitted, from the addresses that the rule leaves.
    Admitted(Matched<'a>),
    /// Refused by a rule.
    Blocked(&'a Rule),
    /// Refused because no rule fits.
    NoRule,
}

/// A rule that admits, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Its place in the policy.
    pub index: usize,
    /// What satisfies its `include`.
    pub by: Inclusion,
}

/// What satisfies the `include` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inclusion {
    /// A selector about identity, so the address does not matter for `include`.
    Identity,
    /// Only an `ip` selector, on requests from its networks.
    Address,
}

/// How the identity part of a rule fits a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit<'a> {
    /// It fits.
    Fits(Inclusion),
    /// Nothing in `include` fits.
    NotIncluded,
    /// A selector in `require` does not fit.
    Lacks(&'a Selector),
    /// A selector in `exclude` fits.
    Excluded(&'a Selector),
}

impl<'a> Decision<'a> {
    /// The rule that decides, if one does.
    #[must_use]
    pub fn rule(&self) -> Option<&'a Rule> {
        match self {
            Self::Admitted(matched) => Some(matched.rule),
            Self::Blocked(rule) => Some(rule),
            Self::NoRule => None,
        }
    }
}

impl Policy {
    /// What the policy says about a person.
    #[must_use]
    pub fn decide(&self, person: &Person) -> Decision<'_> {
        for (index, rule) in self.rules().iter().enumerate() {
            let decides = match rule.action {
                Action::Allow => true,
                Action::Block => !self.blocks_addresses(rule),
                Action::Bypass | Action::Service => false,
            };
            if !decides {
                continue;
            }
            if let Fit::Fits(by) = self.fit(&rule.conditions, person) {
                return match rule.action {
                    Action::Allow => Decision::Admitted(Matched { rule, index, by }),
                    _ => Decision::Blocked(rule),
                };
            }
        }
        Decision::NoRule
    }

    /// The rule that admits a service token, by its name: the first `service` rule that includes it.
    #[must_use]
    pub fn service_rule(&self, token: &str) -> Option<Matched<'_>> {
        let mut rules = self.rules().iter().enumerate();
        let includes = |selector: &Selector| match selector {
            Selector::ServiceToken(names) => names.0.iter().any(|name| name == token),
            _ => false,
        };
        rules
            .find(|(_, rule)| {
                rule.action == Action::Service && rule.conditions.include.iter().any(includes)
            })
            .map(|(index, rule)| Matched {
                rule,
                index,
                by: Inclusion::Identity,
            })
    }

    /// How the identity part of conditions fits a person.
    #[must_use]
    pub fn fit<'a>(&'a self, conditions: &'a Conditions, person: &Person) -> Fit<'a> {
        let fits = |selector: &Selector| self.selector_fits(selector, person);
        conditions.fit(fits, |selector| self.subject(selector))
    }

    /// Whether a selector about identity fits a person. False for other selectors.
    #[must_use]
    pub fn selector_fits(&self, selector: &Selector, person: &Person) -> bool {
        match selector {
            Selector::AccessGroup(_) => self.named(selector).any(|group| group.fits(person)),
            selector => selector.fits(person),
        }
    }

    /// Whether a `block` rule fits everybody, at certain addresses: then the addresses are taken from
    /// what later rules allow, and the rule decides about no person.
    #[must_use]
    pub fn blocks_addresses(&self, rule: &Rule) -> bool {
        let selectors = || rule.conditions.selectors();
        let everyone = |selector: &Selector| matches!(selector, Selector::Everyone(_));
        let about_addresses = |one: &Selector| self.subject(one) == Subject::Address;
        rule.action == Action::Block
            && selectors().any(about_addresses)
            && selectors().all(|one| everyone(one) || about_addresses(one))
    }
}

impl AccessGroup {
    /// Whether the group, which asks about identity, fits a person. False for other groups.
    fn fits(&self, person: &Person) -> bool {
        let fit = self
            .conditions
            .fit(|one| one.fits(person), Selector::subject);
        self.subject() == Subject::Identity && fit == Fit::Fits(Inclusion::Identity)
    }
}

impl Conditions {
    /// How the identity part fits, where `fits` says whether a selector about identity does, and `about`
    /// what a selector asks about.
    fn fit(
        &self,
        fits: impl Fn(&Selector) -> bool,
        about: impl Fn(&Selector) -> Subject,
    ) -> Fit<'_> {
        let mut exclude = self.exclude.iter();
        if let Some(excluding) = exclude.find(|one| fits(one)) {
            return Fit::Excluded(excluding);
        }
        let mut require = self.require.iter();
        if let Some(lacking) = require.find(|one| about(one) == Subject::Identity && !fits(one)) {
            return Fit::Lacks(lacking);
        }
        if self.include.iter().any(&fits) {
            Fit::Fits(Inclusion::Identity)
        } else if self
            .include
            .iter()
            .any(|one| about(one) == Subject::Address)
        {
            Fit::Fits(Inclusion::Address)
        } else {
            Fit::NotIncluded
        }
    }
}
