//! What applications mean for each other, and is no conflict: what a wildcard leaves to others, and
//! which settings depend on who else is on a hostname. And what a wildcard gets when an application
//! gives up a hostname, which must be wanted: Envoy still has that application's server behind the
//! hostname.

use portcullis::protocol::origin::Origin;

use super::definition::{Application, Definition};
use super::location::Location;
use super::shared_hosts;

/// A hostname that belongs to a wildcard, now that no application names it exactly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wildcard} of the application `{holder}` includes {hostname} from now on")]
pub struct TakenOver {
    /// The hostname.
    pub hostname: String,
    /// The wildcard.
    pub wildcard: Location,
    /// The name of the wildcard's application.
    pub holder: String,
}

/// The hostnames that applications named exactly before, and that wildcards of other applications
/// have after.
#[must_use]
pub fn taken_over(before: &[Application], after: &[Application]) -> Vec<TakenOver> {
    let mut all = Vec::new();
    for old in before {
        let exact = old.definition.origins.iter();
        let exact = exact.filter(|location| location.origin().domain().is_none());
        for hostname in exact.map(|location| location.origin().hostname()) {
            if after
                .iter()
                .any(|new| new.definition.names_hostname(hostname))
            {
                continue;
            }
            for new in after.iter().filter(|new| new.audience != old.audience) {
                let mut places = new.definition.origins.iter();
                let Some(wildcard) = places.find(|place| is_under(hostname, place)) else {
                    continue;
                };
                let taken = TakenOver {
                    hostname: hostname.to_owned(),
                    wildcard: wildcard.clone(),
                    holder: new.definition.name.clone(),
                };
                if !all.contains(&taken) {
                    all.push(taken);
                }
            }
        }
    }
    all
}

/// One sentence for each hostname that a wildcard of one application would match, and that another
/// application or the team domain has; and for each setting that depends on who shares a hostname.
#[must_use]
pub fn notes<'a>(
    definition: &Definition,
    applications: impl IntoIterator<Item = &'a Definition>,
    team_domain: Option<&Origin>,
) -> Vec<String> {
    let others = applications.into_iter();
    let others: Vec<&Definition> = others
        .filter(|other| other.name != definition.name)
        .collect();
    let mut notes = shared_hosts::notes(definition, &others);
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for own in &definition.origins {
        if let Some(team) = team_domain.filter(|team| is_under(team.hostname(), own)) {
            note(format!("{own} does not include the team domain {team}"));
        }
        for other in &others {
            let name = &other.name;
            for theirs in &other.origins {
                if is_under(theirs.origin().hostname(), own) {
                    let hostname = theirs.origin().hostname();
                    note(format!(
                        "{own} does not include {hostname}, which the application `{name}` names"
                    ));
                }
                if is_under(own.origin().hostname(), theirs) {
                    let hostname = own.origin().hostname();
                    note(format!(
                        "{hostname} no longer belongs to {theirs} of the application `{name}`"
                    ));
                }
            }
        }
    }
    notes
}

/// Whether the wildcard of a location would match a hostname.
fn is_under(hostname: &str, location: &Location) -> bool {
    let origin = location.origin();
    origin.domain().is_some() && origin.at(hostname).is_some()
}
