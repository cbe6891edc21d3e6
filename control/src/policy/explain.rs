//! Why a policy admits somebody, or not: every rule, and what it says.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::evaluate::{Decision, Fit, Inclusion, Matched};
use super::person::Person;
use super::rules::{Action, Policy, Rule};
use super::selector::{Selector, Subject};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// A person.
    Person(&'a Person),
    /// A service token, by its name.
    ServiceToken(&'a str),
}

/// What a policy says, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// Whether requests are admitted: from the address, if there is one, else from those in
    /// `addresses`.
    pub admitted: bool,
    /// The rule that decides; absent if none fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The decision in a sentence.
    pub reason: String,
    /// The networks from which the rule admits; absent for every address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<String>>,
    /// Every rule, in order.
    pub rules: Vec<ExplainedRule>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedRule {
    /// Its name.
    pub id: String,
    /// Its action.
    pub action: Action,
    /// Whether it decides.
    pub decides: bool,
    /// Whether its identity part fits.
    pub fits: bool,
    /// Why it fits, or why not.
    pub why: String,
}

impl Policy {
    /// What the policy says about an asker, from an address or from anywhere.
    #[must_use]
    pub fn explain(&self, asker: Asker<'_>, address: Option<IpAddr>) -> Explanation {
        let decision = match asker {
            Asker::Person(person) => self.decide(person),
            Asker::ServiceToken(name) => self
                .service_rule(name)
                .map_or(Decision::NoRule, Decision::Admitted),
        };
        let deciding = decision.rule().map(|rule| &rule.id);
        let rules = self.rules().iter().map(|rule| {
            let (fits, why) = self.why(rule, asker);
            ExplainedRule {
                id: rule.id.clone(),
                action: rule.action,
                decides: deciding == Some(&rule.id),
                fits,
                why,
            }
        });
        let rules = rules.collect();
        let (admitted, reason, addresses) = match decision {
            Decision::Admitted(matched) => self.admission(matched, address),
            Decision::Blocked(rule) => (false, format!("the rule `{}` blocks", rule.id), None),
            Decision::NoRule => (
                false,
                "no rule fits, so nobody is admitted".to_owned(),
                None,
            ),
        };
        Explanation {
            admitted,
            rule: deciding.cloned(),
            reason,
            addresses,
            rules,
        }
    }

    /// Whether the policy admits a person, as [`Self::explain`] says.
    #[must_use]
    pub fn admits(&self, person: &Person, address: Option<IpAddr>) -> bool {
        let Decision::Admitted(matched) = self.decide(person) else {
            return false;
        };
        let networks = self.networks(matched);
        address.map_or(!networks.is_empty(), |address| networks.contains(address))
    }

    fn admission(
        &self,
        matched: Matched<'_>,
        address: Option<IpAddr>,
    ) -> (bool, String, Option<Vec<String>>) {
        let networks = self.networks(matched);
        let id = &matched.rule.id;
        if networks.is_all() {
            return (
                true,
                format!("the rule `{id}` admits, from every address"),
                None,
            );
        }
        let texts = Some(networks.to_texts());
        match address {
            Some(address) if networks.contains(address) => (
                true,
                format!("the rule `{id}` admits, from {address} too"),
                texts,
            ),
            Some(address) => {
                let reason = format!(
                    "the rule `{id}` decides, and does not admit from {address}: 403 policy_denied; \
                     later rules are not asked"
                );
                (false, reason, texts)
            }
            None if networks.is_empty() => (
                false,
                format!("the rule `{id}` decides, and admits from no address"),
                texts,
            ),
            None => (
                true,
                format!("the rule `{id}` admits, from some addresses"),
                texts,
            ),
        }
    }

    /// Whether the identity part of a rule fits, and why.
    fn why(&self, rule: &Rule, asker: Asker<'_>) -> (bool, String) {
        match (rule.action, asker) {
            (Action::Bypass, _) => (
                false,
                "about requests that need no session, whoever asks".to_owned(),
            ),
            (Action::Service, Asker::ServiceToken(name)) => {
                let mut include = rule.conditions.include.iter();
                let names = |one: &Selector| one.service_tokens().iter().any(|one| one == name);
                if include.any(names) {
                    (true, "includes the service token".to_owned())
                } else {
                    (false, "does not include the service token".to_owned())
                }
            }
            (Action::Service, Asker::Person(_)) => (false, "for service tokens".to_owned()),
            (_, Asker::ServiceToken(_)) => (false, "for people".to_owned()),
            (_, Asker::Person(_)) if self.blocks_addresses(rule) => {
                let networks = self.blocked_networks(rule).to_texts().join(" ");
                (
                    false,
                    format!("takes these addresses from later rules: {networks}"),
                )
            }
            (_, Asker::Person(person)) => self.why_person(rule, person),
        }
    }

    fn why_person(&self, rule: &Rule, person: &Person) -> (bool, String) {
        let conditions = &rule.conditions;
        match self.fit(conditions, person) {
            Fit::Fits(Inclusion::Identity) => {
                let mut include = conditions.include.iter();
                let by = include.find(|one| self.selector_fits(one, person));
                (
                    true,
                    format!("include: {} fits", by.map(shown).unwrap_or_default()),
                )
            }
            Fit::Fits(Inclusion::Address) => {
                let include = conditions.include.iter();
                let by: Vec<String> = include
                    .filter(|one| self.subject(one) == Subject::Address)
                    .map(shown)
                    .collect();
                (
                    true,
                    format!("include: {} fits requests from there", by.join(", ")),
                )
            }
            Fit::NotIncluded => (false, "include: nothing fits".to_owned()),
            Fit::Lacks(selector) => (false, format!("require: {} does not fit", shown(selector))),
            Fit::Excluded(selector) => (false, format!("exclude: {} fits", shown(selector))),
        }
    }
}

/// A selector as it is written in TOML, without the values of a long list.
fn shown(selector: &Selector) -> String {
    const LONGEST: usize = 120;
    let text = serde_json::to_value(selector).map(|value| crate::problems::config::show(&value));
    let text = text.unwrap_or_default();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
