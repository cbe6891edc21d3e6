//! No two applications may be reached under one hostname and path prefix: a request would have
//! two answers. Ports do not part them, for cookies do not know ports (RFC 6265, section 8.5).

use std::collections::HashMap;

use crate::application::{Definition, Location};
use crate::problems::Problems;

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
pub fn find_conflicts(claims: &[Claim<'_>], problems: &mut Problems) {
    let mut taken: HashMap<(&str, Option<&str>), &str> = HashMap::new();
    for claim in claims {
        for (index, place) in claim.definition.origins.iter().enumerate() {
            let holder = *taken
                .entry(place_of(place))
                .or_insert(claim.definition.name.as_str());
            if holder != claim.definition.name {
                let path = format!("{}.origins[{index}]", claim.path);
                let message = format!(
                    "the hostname with this path prefix already belongs to the application \
                     `{holder}`"
                );
                problems.add(&path, place, message);
            }
        }
    }
}

fn place_of(place: &Location) -> (&str, Option<&str>) {
    (place.origin().hostname(), place.path_prefix())
}
