//! Whether what a selector names exists.

use super::context::Names;
use crate::policy::rules::AccessGroup;
use crate::policy::selector::{AnyOf, Selector};
use crate::problems::InputProblems;
use crate::sign_in::email::characters::visible;

/// Notes what the selector names and nobody knows.
pub(super) fn names_exist(
    selector: &Selector,
    names: Names<'_>,
    path: &str,
    problems: &mut InputProblems,
) {
    let (values, known, what): (&[String], Vec<&str>, &str) = match selector {
        Selector::Provider(ids) => match names.providers {
            Some(known) => (&ids.0, of(known), "identity provider"),
            None => return,
        },
        Selector::ServiceToken(tokens) => match names.service_tokens {
            Some(known) => (&tokens.0, of(known), "service token"),
            None => return,
        },
        Selector::AccessGroup(groups) => {
            let known = names.access_groups.iter();
            let known = known.map(|group| group.name.as_str());
            (&groups.0, known.collect(), "access group")
        }
        Selector::Group(groups) => return groups_exist(groups, names, path, problems),
        _ => return,
    };
    for value in values.iter().filter(|one| !known.contains(&one.as_str())) {
        let message = unknown(what, value, &known);
        problems.add(path, visible(value), message);
    }
    let subjects = names.access_groups.iter();
    let subjects = subjects.filter(|group| selector.access_groups().contains(&group.name));
    let mut subjects = subjects.map(AccessGroup::subject);
    let first = subjects.next();
    if subjects.any(|other| Some(other) != first) {
        let message = "names groups of people and groups of networks; write one selector for each";
        problems.add(path, values.join(", "), message);
    }
}

fn groups_exist(groups: &AnyOf, names: Names<'_>, path: &str, problems: &mut InputProblems) {
    for group in &groups.0 {
        group_exists(group, names, path, problems);
    }
}

/// Whether a group is `provider:name` of a provider that exists. Notes what is wrong.
pub(super) fn group_exists(
    group: &str,
    names: Names<'_>,
    path: &str,
    problems: &mut InputProblems,
) -> bool {
    let known = names.providers.map(of);
    let message = match group.split_once(':') {
        Some((_, "")) | None => "must be provider:name, such as corp:engineering".to_owned(),
        Some((provider, _)) => match &known {
            Some(known) if !known.contains(&provider) => {
                unknown("identity provider", provider, known)
            }
            _ => return true,
        },
    };
    problems.add(path, visible(group), message);
    false
}

fn of(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    /// More would hide the message.
    const SHOWN: usize = 10;
    if known.is_empty() {
        return format!("there is no {what} with this name; there is none at all");
    }
    if let Some(nearest) = nearest(name, known) {
        return format!("there is no {what} with this name; did you mean `{nearest}`?");
    }
    let shown: Vec<&str> = known.iter().take(SHOWN).copied().collect();
    let more = if known.len() > SHOWN { ", …" } else { "" };
    format!(
        "there is no {what} with this name; there is {}{more}",
        shown.join(", ")
    )
}

/// The name that somebody most likely meant.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    /// Less alike is another name, not a misspelt one.
    const ALIKE: f64 = 0.8;
    let alike = |other: &str| strsim::jaro(&name.to_lowercase(), &other.to_lowercase());
    let alike = known.iter().map(|other| (alike(other), *other));
    let alike = alike.filter(|(alike, _)| *alike > ALIKE);
    let nearest = alike.max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.map(|(_, name)| name)
}
