//! The rules of a policy as the page lists them.

use super::list::List;
use super::rule::RuleDraft;
use crate::dashboard::shown::Shown;
use crate::policy::rules::Action;

/// One of the two lists.
pub struct RuleList {
    /// When its rules are judged.
    pub title: &'static str,
    /// The action of a rule that is added to it.
    pub added: &'static str,
    /// Its anchor.
    pub anchor: &'static str,
    /// Which rule decides.
    pub help: &'static str,
    /// Its rules, in their order.
    pub rules: Vec<RuleView>,
    /// What becomes of those whom no rule fits.
    pub rest: &'static str,
}

/// A rule of a list.
pub struct RuleView {
    /// Its place in the policy.
    pub index: usize,
    /// Its name.
    pub id: Shown,
    /// Its action.
    pub action: Shown,
    /// The colour of the action.
    pub kind: &'static str,
    /// Its conditions.
    pub parts: Vec<Part>,
    /// The session duration of those whom it admits.
    pub duration: Shown,
}

/// Conditions of one list.
pub struct Part {
    /// How many of them must fit.
    pub label: &'static str,
    /// Each in a few words.
    pub conditions: Vec<Shown>,
}

/// Both lists.
pub fn lists(rules: &[RuleDraft]) -> [RuleList; 2] {
    let rules_of = |about_requests: bool| {
        let rules = rules.iter().enumerate();
        let rules = rules.filter(|(_, rule)| rule.is_about_requests() == about_requests);
        rules
            .map(|(index, rule)| RuleView::of(index, rule))
            .collect()
    };
    [
        RuleList {
            title: "On every request",
            added: Action::Bypass.as_str(),
            anchor: "on-every-request",
            help: "Requests that pass without a person: with no session at all, or with a service token. They \
                   come first; the first rule that fits decides.",
            rules: rules_of(true),
            rest: "Everything else needs a session.",
        },
        RuleList {
            title: "At sign-in and renewal",
            added: Action::Allow.as_str(),
            anchor: "at-sign-in",
            help: "Who gets in. The first rule that fits the person decides. Networks in allow rules are compared \
                   on every request, too.",
            rules: rules_of(false),
            rest: "Everybody else: refused.",
        },
    ]
}

impl RuleView {
    fn of(index: usize, rule: &RuleDraft) -> Self {
        let part = |list: List| {
            let conditions = rule.conditions(list).iter();
            Part {
                label: list.label(),
                conditions: conditions.map(|one| one.shown()).collect(),
            }
        };
        let parts = List::ALL.map(part).into_iter();
        let name = match rule.id.as_str() {
            "" => "(no name)",
            id => id,
        };
        Self {
            index,
            id: Shown::new(name),
            action: Shown::new(&rule.action),
            kind: match rule.action.as_str() {
                "allow" => "good",
                "block" => "bad",
                _ => "",
            },
            parts: parts.filter(|part| !part.conditions.is_empty()).collect(),
            duration: Shown::new(match rule.session_duration.as_str() {
                "" if rule.known_action() == Some(Action::Allow) => "as the application",
                "" => "–",
                duration => duration,
            }),
        }
    }
}
