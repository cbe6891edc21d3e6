//! No two applications may be reached under one hostname and path prefix: a request would have
//! two answers. Ports do not part them, for cookies do not know ports (RFC 6265, section 8.5), and
//! a filter knows the port only from what the client wrote: so applications that share a hostname
//! share its port.

use crate::applications::{Definition, Location};
use crate::problems::InputProblems;

/// What an application takes, and where it was written.
pub struct Claim<'a> {
    path: String,
    definition: &'a Definition,
}

impl<'a> Claim<'a> {
    /// The claim of `definition`, which stands at `path`.
    #[must_use]
    pub fn new(path: &str, definition: &'a Definition) -> Self {
        Self {
            path: path.to_owned(),
            definition,
        }
    }
}

/// Notes every place that a second application claims.
pub fn find_conflicts(claims: &[Claim<'_>], problems: &mut InputProblems) {
    let mut taken: Vec<(&Location, &str)> = Vec::new();
    for claim in claims {
        let name = claim.definition.name.as_str();
        for (index, place) in claim.definition.origins.iter().enumerate() {
            let conflict = taken
                .iter()
                .filter(|(_, holder)| *holder != name)
                .find_map(|(other, holder)| Some((conflict(place, other)?, holder)));
            if let Some((what, holder)) = conflict {
                let path = format!("{}.origins[{index}]", claim.path);
                let message = format!("{what} the application `{holder}`");
                problems.add(&path, place, message);
            }
            taken.push((place, name));
        }
    }
}

/// What two places of different applications have in common that they must not.
fn conflict(place: &Location, other: &Location) -> Option<&'static str> {
    if place.origin().hostname() != other.origin().hostname() {
        return None;
    }
    let prefix = |place: &Location| place.path_prefix().unwrap_or("").to_ascii_lowercase();
    if prefix(place) == prefix(other) {
        Some("the hostname with this path prefix already belongs to")
    } else if place.origin().port() != other.origin().port() {
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
    }
}
