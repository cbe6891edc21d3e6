//! The locations of all applications, side by side: none is given twice, and cookies of those that
//! share a hostname are kept apart.

use super::cookie_names::CookieNames;
use super::path::is_below;
use super::placement::Placed;
use super::{Application, Location};

/// Two applications at one location, or on one hostname with two ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The origin that both have.
    pub origin: String,
    /// The path prefix that both have.
    pub path_prefix: String,
}

/// A location has one application. A hostname that applications share has one port: the filter does
/// not know to which listener a request came, only which port its client wrote.
pub(super) fn refuse_conflict(
    placed: &[Placed],
    application: &Application,
    location: &Location,
) -> Result<(), TableError> {
    let taken = placed.iter().any(|other| {
        let mine = other.application.audience == application.audience;
        let same_port = other.origin.port() == location.origin.port();
        let same_prefix = other
            .path_prefix
            .eq_ignore_ascii_case(&location.path_prefix);
        if mine {
            same_port && same_prefix
        } else {
            !same_port || same_prefix
        }
    });
    if taken {
        return Err(TableError {
            origin: location.origin.to_string(),
            path_prefix: location.path_prefix.clone(),
        });
    }
    Ok(())
}

/// Longest prefix first. Cookies ignore ports, so applications share a hostname on any port.
///
/// Servers differ in what they take an escaped slash for, so a path may have one only where every path
/// of the hostname is under the same policy.
pub(super) fn arrange(mut placed: Vec<Placed>) -> Vec<Placed> {
    placed.sort_by_key(|one| std::cmp::Reverse(one.path_prefix.len()));
    let first = placed.first().map(|one| one.application.audience.clone());
    let shared = placed
        .iter()
        .any(|one| Some(&one.application.audience) != first.as_ref());
    let methods_matter = placed.iter().any(|one| one.application.asks_for_method());
    let escaped_slashes = !shared
        && placed
            .iter()
            .all(|one| one.path_prefix.is_empty() && one.application.keeps_escaped_slashes());
    let prefixes: Vec<_> = placed.iter().map(|one| one.path_prefix.clone()).collect();
    for one in &mut placed {
        let own = &one.path_prefix;
        let nested = prefixes
            .iter()
            .filter(|other| other.len() > own.len() && is_below(other.as_bytes(), own.as_bytes()));
        one.nested = nested.cloned().collect();
        one.methods_matter = methods_matter;
        one.escaped_slashes = escaped_slashes;
        one.cookies = CookieNames::of(&one.application.audience, shared);
    }
    placed
}
