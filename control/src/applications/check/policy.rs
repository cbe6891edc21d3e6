//! Whom an application admits.

use super::Checked;
use crate::applications::RuleDraft;
use crate::policy::{Policy, PolicyRule};
use crate::problems::InputProblems;
use crate::sessions::durations::Bounds;
use crate::sign_in::email;

pub(super) fn policy(
    drafts: Vec<RuleDraft>,
    how: Checked<'_>,
    problems: &mut InputProblems,
) -> Option<Policy> {
    let path = how.at("policy");
    let count = drafts.len();
    let rules: Vec<PolicyRule> = drafts
        .into_iter()
        .enumerate()
        .filter_map(|(index, draft)| {
            let path = format!("{path}[{index}]");
            let duration = duration(&draft, &path, how.demo, problems);
            let rule = rule(draft, &format!("{path}.allow"), problems);
            Some(PolicyRule {
                session_duration_seconds: duration?,
                ..rule?
            })
        })
        .collect();
    (rules.len() == count).then(|| Policy::new(rules))
}

/// `None` is a problem, `Some(None)` the application's own.
fn duration(
    draft: &RuleDraft,
    path: &str,
    demo: bool,
    problems: &mut InputProblems,
) -> Option<Option<u64>> {
    let Some(text) = &draft.session_duration else {
        return Some(None);
    };
    let path = format!("{path}.session_duration");
    let duration = Bounds::of_sessions(demo).parse(&path, text, problems)?;
    Some(Some(duration.as_secs()))
}

fn rule(draft: RuleDraft, path: &str, problems: &mut InputProblems) -> Option<PolicyRule> {
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
        session_duration_seconds: None,
    })
}
