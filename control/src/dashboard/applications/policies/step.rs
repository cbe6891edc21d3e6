//! What saving would do, before it is done.

use super::verdict::Names;
use crate::administration::policies::everybody::{DAYS, MOST_JUDGED};
use crate::administration::policies::impact::{Impact, impact};
use crate::applications::{Application, Definition};
use crate::dashboard::shown::Shown;
use crate::policy::bypass::Entry;
use crate::policy::notes::notes;
use crate::policy::rules::{Action, Policy};
use crate::service::Service;
use crate::storage::StorageError;
use crate::words::counted;

/// What saving would do.
pub struct Step {
    /// Who loses and who gains, in a sentence.
    pub sentence: String,
    /// Those who lose access.
    pub losing: Names,
    /// Those who gain it.
    pub gaining: Names,
    /// What lets everybody in, or nobody.
    pub warnings: Vec<Shown>,
    /// Rules without effect, and such.
    pub notes: Vec<Shown>,
}

impl Step {
    /// What a new definition of an application would do.
    pub async fn of(
        service: &Service,
        application: &Application,
        wanted: &Definition,
    ) -> Result<Self, StorageError> {
        let (before, after) = (&application.definition.policy, &wanted.policy);
        let impact = impact(service, &application.audience, (before, after)).await?;
        Ok(Self {
            sentence: sentence(&impact),
            losing: Names::of(&impact.losing),
            gaining: Names::of(&impact.gaining),
            warnings: warnings(before, after),
            notes: notes(after).into_iter().map(Shown::from).collect(),
        })
    }
}

fn sentence(impact: &Impact) -> String {
    let losing = match impact.losing.len() as u64 {
        0 => "Nobody who is in now would lose access".to_owned(),
        1 => "1 person who is in now would lose access".to_owned(),
        count => format!("{count} people who are in now would lose access"),
    };
    let gaining = match impact.gaining.len() as u64 {
        0 => "nobody who signed in".to_owned(),
        count => format!("{} who signed in", counted(count, "user", "users")),
    };
    let cut = if impact.is_cut {
        format!(" At most {MOST_JUDGED} of each were looked at.")
    } else {
        String::new()
    };
    format!("{losing}; {gaining} during the last {DAYS} days would gain it.{cut}")
}

fn warnings(before: &Policy, after: &Policy) -> Vec<Shown> {
    let mut warnings = Vec::new();
    if after.admits_nobody() {
        warnings.push(Shown::new(
            "Nobody can sign in any more: there is no allow rule.",
        ));
    }
    let opened = entries_without(after, before);
    if !opened.is_empty() {
        let requests = opened.join(", ");
        warnings.push(Shown::new(&format!(
            "Without a session, everybody would reach: {requests}. No log says who."
        )));
    }
    let closed = entries_without(before, after);
    if !closed.is_empty() {
        let requests = closed.join(", ");
        warnings.push(Shown::new(&format!(
            "These requests would need a session, and get 401 without one: {requests}."
        )));
    }
    let (added, removed) = (
        services_without(after, before),
        services_without(before, after),
    );
    if !added.is_empty() {
        warnings.push(Shown::new(&format!(
            "Programs with a service token would get in by: {}.",
            added.join(", ")
        )));
    }
    if !removed.is_empty() {
        warnings.push(Shown::new(&format!(
            "Programs would no longer get in as they do now by: {}.",
            removed.join(", ")
        )));
    }
    warnings
}

/// What one policy lets everybody reach and the other does not.
fn entries_without(one: &Policy, other: &Policy) -> Vec<String> {
    let known = other.bypass_entries();
    let entries = one.bypass_entries().into_iter();
    let entries = entries.filter(|entry| !known.contains(entry));
    entries.map(|entry| request(&entry)).collect()
}

/// The service rules of one policy that the other does not have, by name.
fn services_without(one: &Policy, other: &Policy) -> Vec<String> {
    let rules = one.rules().iter();
    let rules = rules.filter(|rule| rule.action == Action::Service);
    let rules = rules.filter(|rule| !other.rules().contains(rule));
    rules.map(|rule| rule.id.clone()).collect()
}

/// Requests that need no session, in words.
fn request(entry: &Entry) -> String {
    use portcullis::protocol::feed::PathMatch;
    let target = &entry.target;
    let path = match target.matching {
        PathMatch::Exact => target.path.clone(),
        PathMatch::Prefix => format!("{}/*", target.path.trim_end_matches('/')),
    };
    let methods = target.methods.as_ref();
    let methods = methods.map(|methods| format!("{} ", methods.join(" ")));
    let networks = if entry.networks.is_all() {
        String::new()
    } else {
        format!(" from {}", entry.networks.to_texts().join(" "))
    };
    format!("{}{path}{networks}", methods.unwrap_or_default())
}
