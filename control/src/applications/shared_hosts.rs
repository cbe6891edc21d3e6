//! Settings whose effect depends on who else is on a hostname: escaped slashes are refused wherever
//! paths of one hostname are under different rules, and override headers may lead from one
//! application's path to another's.

use portcullis::protocol::feed::EscapedSlashes;

use super::definition::Definition;
use super::location::Location;

/// One sentence for each such setting of an application, and of those on its hostnames.
#[must_use]
pub fn notes(definition: &Definition, others: &[&Definition]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for own in &definition.origins {
        let hostname = own.origin().hostname();
        let here = others.iter().filter(|one| one.names_hostname(hostname));
        let here: Vec<&Definition> = here.copied().collect();
        if let Some(why) = why_refused(definition, own, &here) {
            note(slashes_refused(definition, hostname, &why));
        }
        for other in here {
            if keeps_slashes(other) {
                note(slashes_refused(other, hostname, &shared_with(definition)));
            }
            for (keeping, reached) in [(definition, other), (other, definition)] {
                if keeping.keep_override_headers {
                    note(format!(
                        "{} keeps override headers: its users can reach paths of {} at {hostname}, if \
                         one server has both",
                        named(keeping),
                        named(reached)
                    ));
                }
            }
        }
    }
    notes
}

/// Why an application that keeps escaped slashes gets none at one of its places, if it does not.
fn why_refused(definition: &Definition, own: &Location, here: &[&Definition]) -> Option<String> {
    if !keeps_slashes(definition) {
        return None;
    }
    match here.first() {
        Some(other) => Some(shared_with(other)),
        None if definition.has_bypass() => Some("it has a bypass".to_owned()),
        None if own.path_prefix().is_some() => Some("it has a path prefix there".to_owned()),
        None => None,
    }
}

fn keeps_slashes(definition: &Definition) -> bool {
    definition.escaped_slashes == EscapedSlashes::Keep
}

fn slashes_refused(definition: &Definition, hostname: &str, why: &str) -> String {
    let application = named(definition);
    format!("escaped slashes are refused at {hostname}, although {application} keeps them: {why}")
}

fn shared_with(other: &Definition) -> String {
    format!("it shares the hostname with {}", named(other))
}

fn named(definition: &Definition) -> String {
    format!("the application `{}`", definition.name)
}
