//! Conflicts between the locations of applications.
//!
//! Two applications must not share a hostname and path prefix, because a request would belong to
//! both. Different ports do not help: cookies ignore ports (RFC 6265, section 8.5), and a filter
//! knows the port only from what the client wrote. So applications that share a hostname must also
//! share its port.
//!
//! A wildcard is a hostname of its own here: an application that names one of its hostnames exactly
//! has that hostname, and the wildcard's application has the rest.

use super::definition::Definition;
use super::location::Location;
use crate::problems::InputProblems;

/// The locations that an application takes, and where they were written.
pub struct Claim<'a> {
    path: String,
    definition: &'a Definition,
}

impl<'a> Claim<'a> {
    /// The claim of the definition at `path`.
    #[must_use]
    pub fn new(path: &str, definition: &'a Definition) -> Self {
        Self {
            path: path.to_owned(),
            definition,
        }
    }
}

/// Notes every location that a second application claims.
pub fn find_conflicts(claims: &[Claim<'_>], problems: &mut InputProblems) {
    let mut taken: Vec<(&Location, &str)> = Vec::new();
    for claim in claims {
        let name = claim.definition.name.as_str();
        for (index, location) in claim.definition.origins.iter().enumerate() {
            let conflict = taken
                .iter()
                .filter(|(_, holder)| *holder != name)
                .find_map(|(other, holder)| Some((conflict(location, other)?, holder)));
            if let Some((what, holder)) = conflict {
                let path = format!("{}.origins[{index}]", claim.path);
                let message = format!("{what} the application `{holder}`");
                problems.add(&path, location, message);
            }
            taken.push((location, name));
        }
    }
}

/// How two locations of different applications conflict.
fn conflict(location: &Location, other: &Location) -> Option<&'static str> {
    if location.origin().hostname() != other.origin().hostname() {
        return None;
    }
    let prefix = |location: &Location| location.path_prefix().unwrap_or("").to_ascii_lowercase();
    if prefix(location) == prefix(other) {
        Some("the hostname with this path prefix already belongs to")
    } else if location.origin().port() != other.origin().port() {
        Some("has another port on the same hostname than")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::conflict;

    #[test]
    fn a_hostname_has_one_port_and_each_prefix_one_application() {
        let conflict = |a: &str, b: &str| conflict(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(conflict("https://a.example", "https://b.example:8443").is_none());
        assert!(conflict("https://a.example", "https://a.example/x").is_none());
        assert!(conflict("https://a.example/x", "https://a.example/X").is_some());
        assert!(conflict("https://a.example", "https://a.example:8443").is_some());
        assert!(conflict("https://a.example", "https://a.example:8443/x").is_some());
        let wildcard = "https://*.a.example";
        assert!(conflict(wildcard, wildcard).is_some());
        assert!(conflict(wildcard, "https://*.a.example:8443/x").is_some());
        assert!(conflict(wildcard, "https://*.a.example/x").is_none());
        assert!(conflict(wildcard, "https://b.a.example:8443").is_none());
        assert!(conflict(wildcard, "https://*.b.a.example").is_none());
    }
}
