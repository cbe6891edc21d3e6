//! What an application with a wildcard leaves to others. It is no conflict, and said when one is
//! added or changed.

use portcullis::protocol::origin::Origin;

use super::definition::{Application, Definition};
use super::location::Location;

/// One sentence for each hostname that a wildcard of one application would match, and that another
/// application or the team domain has.
#[must_use]
pub fn notes(
    definition: &Definition,
    applications: &[Application],
    team_domain: &Origin,
) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for own in &definition.origins {
        if is_under(team_domain.hostname(), own) {
            note(format!(
                "{own} does not include the team domain {team_domain}"
            ));
        }
        let others = applications
            .iter()
            .filter(|other| other.definition.name != definition.name);
        for other in others {
            let name = &other.definition.name;
            for theirs in &other.definition.origins {
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
