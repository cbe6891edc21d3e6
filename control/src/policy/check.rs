//! Checking the rules of a policy.

use super::draft::RuleDraft;
use super::rules::{Policy, PolicyRule};
use crate::problems::InputProblems;
use crate::sessions::durations::Bounds;
use crate::sign_in::email::characters::visible;
use crate::sign_in::email::{Address, Domain};

/// The policy that the drafts at `path` make, with session durations within `bounds`. If `None`, at
/// least one problem was noted.
pub fn check(
    drafts: Vec<RuleDraft>,
    path: &str,
    bounds: Bounds,
    problems: &mut InputProblems,
) -> Option<Policy> {
    let count = drafts.len();
    let rules: Vec<PolicyRule> = drafts
        .into_iter()
        .enumerate()
        .filter_map(|(index, draft)| {
            let path = format!("{path}[{index}]");
            let duration = duration(&draft, &path, bounds, problems);
            let rule = rule(draft, &format!("{path}.allow"), problems);
            Some(PolicyRule {
                session_duration_seconds: duration?,
                ..rule?
            })
        })
        .collect();
    (rules.len() == count).then(|| Policy::new(rules))
}

/// `None` is a problem, `Some(None)` means the duration of the application.
fn duration(
    draft: &RuleDraft,
    path: &str,
    bounds: Bounds,
    problems: &mut InputProblems,
) -> Option<Option<u64>> {
    let Some(text) = &draft.session_duration else {
        return Some(None);
    };
    let path = format!("{path}.session_duration");
    let duration = bounds.parse(&path, text, problems)?;
    Some(Some(duration.as_secs()))
}

fn rule(draft: RuleDraft, path: &str, problems: &mut InputProblems) -> Option<PolicyRule> {
    let mut valid = true;
    let mut emails = Vec::new();
    for (index, text) in draft.emails.iter().enumerate() {
        match Address::parse(text) {
            Ok(address) => emails.push(address.shown().to_owned()),
            Err(error) => {
                problems.add(&format!("{path}.emails[{index}]"), visible(text), error);
                valid = false;
            }
        }
    }
    let mut email_domains = Vec::new();
    for (index, text) in draft.email_domains.iter().enumerate() {
        if let Some(domain) = Domain::parse(text) {
            email_domains.push(domain.shown);
        } else {
            let message = "is not a domain; write what follows the '@', as example.com";
            let path = format!("{path}.email_domains[{index}]");
            problems.add(&path, visible(text), message);
            valid = false;
        }
    }
    if draft.emails.is_empty() && draft.email_domains.is_empty() && !draft.everyone {
        problems.add(
            path,
            "",
            "admits nobody; to admit nobody, leave the rule out",
        );
        valid = false;
    }
    valid.then_some(PolicyRule {
        emails,
        email_domains,
        everyone: draft.everyone,
        session_duration_seconds: None,
    })
}
