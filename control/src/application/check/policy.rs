//! Whom an application admits.

use super::Checked;
use crate::application::{Policy, PolicyRule, RuleDraft};
use crate::email;
use crate::problems::Problems;

pub(super) fn policy(
    drafts: Vec<RuleDraft>,
    how: Checked<'_>,
    problems: &mut Problems,
) -> Option<Policy> {
    let path = how.at("policy");
    let count = drafts.len();
    let rules: Vec<PolicyRule> = drafts
        .into_iter()
        .enumerate()
        .filter_map(|(index, draft)| rule(draft, &format!("{path}[{index}].allow"), problems))
        .collect();
    (rules.len() == count).then(|| Policy::new(rules))
}

fn rule(draft: RuleDraft, path: &str, problems: &mut Problems) -> Option<PolicyRule> {
    let mut good = true;
    for (index, text) in draft.emails.iter().enumerate() {
        if email::normal(text).is_none() {
            problems.add(
                &format!("{path}.emails[{index}]"),
                text,
                "is no e-mail address",
            );
            good = false;
        }
    }
    for (index, text) in draft.email_domains.iter().enumerate() {
        if !email::is_domain(text) {
            let message = "is no domain; write what follows the '@', as example.com";
            problems.add(&format!("{path}.email_domains[{index}]"), text, message);
            good = false;
        }
    }
    if draft.emails.is_empty() && draft.email_domains.is_empty() && !draft.everyone {
        problems.add(path, "", "admits nobody; leave the rule out for that");
        good = false;
    }
    good.then(|| PolicyRule {
        emails: draft
            .emails
            .iter()
            .filter_map(|e| email::normal(e))
            .collect(),
        email_domains: draft
            .email_domains
            .iter()
            .map(|d| d.to_ascii_lowercase())
            .collect(),
        everyone: draft.everyone,
    })
}
