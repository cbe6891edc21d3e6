//! Which application a request is for.

use std::collections::HashMap;
use std::rc::Rc;

use super::authority::Authority;
use super::cookie_names::CookieNames;
use super::path::{Readings, is_below};
use super::{Application, Location};

/// All applications of the feed, by hostname.
#[derive(Debug, Default)]
pub struct ApplicationTable {
    by_hostname: HashMap<String, Vec<Rc<Placement>>>,
}

/// An application at one of its locations.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The application.
    pub application: Rc<Application>,
    /// The location.
    pub location: Location,
    /// The names of its cookies here.
    pub cookies: CookieNames,
    /// Whether this filter guards it.
    pub here: bool,
    /// Path prefixes of other places below this one.
    nested: Vec<String>,
}

/// A host of an application, and the port of a request.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    placements: &'a [Rc<Placement>],
    port: Option<u16>,
}

/// What a path leads to on a host.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// The host is known, but no application of this filter has the port and path.
    NoApplication,
    /// The two readings of the path lead to different places.
    Ambiguous,
    /// An application.
    Found(&'a Rc<Placement>),
}

/// Two applications at one location, or on one hostname with two ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    /// The origin that both have.
    pub origin: String,
    /// The path prefix that both have.
    pub path_prefix: String,
}

impl ApplicationTable {
    /// Places applications. `audiences` names those that this filter guards; empty for all.
    ///
    /// # Errors
    /// Two applications at one location, or on one hostname with two ports.
    pub fn build(
        applications: impl Iterator<Item = Rc<Application>>,
        audiences: &[String],
    ) -> Result<Self, TableError> {
        let mut by_hostname: HashMap<String, Vec<Placement>> = HashMap::new();
        for application in applications {
            let here = audiences.is_empty() || audiences.contains(&application.audience);
            for location in application.locations() {
                let hostname = location.origin.hostname().to_owned();
                let placements = by_hostname.entry(hostname).or_default();
                refuse_conflict(placements, &application, location)?;
                placements.push(Placement {
                    application: Rc::clone(&application),
                    location: location.clone(),
                    cookies: CookieNames::of(&application.audience, false),
                    here,
                    nested: Vec::new(),
                });
            }
        }
        let arranged = |(hostname, placements)| (hostname, arrange(placements));
        Ok(Self {
            by_hostname: by_hostname.into_iter().map(arranged).collect(),
        })
    }

    /// The host that a request names; `None` if no application does.
    #[must_use]
    pub fn host(&self, authority: &Authority<'_>) -> Option<Host<'_>> {
        let placements = self.by_hostname.get(&*authority.hostname)?;
        Some(Host {
            placements,
            port: authority.port,
        })
    }
}

impl<'a> Host<'a> {
    /// What a path leads to. The longest prefix wins.
    #[must_use]
    pub fn find(self, path: &Readings<'_>) -> Choice<'a> {
        let Self { placements, port } = self;
        let places_matter = placements.len() > 1
            || placements
                .iter()
                .any(|place| !place.location.path_prefix.is_empty());
        if places_matter && path.has_many_readings() {
            return Choice::Ambiguous;
        }
        let by = |path: &[u8]| {
            placements.iter().find(|placement| {
                placement.has_port(port)
                    && is_below(path, placement.location.path_prefix.as_bytes())
            })
        };
        // Many origins ignore upper and lower case.
        if places_matter
            && let Some(folded) = path.folded()
            && !same(by(&folded), by(path.decoded()))
        {
            return Choice::Ambiguous;
        }
        match (by(path.sent()), by(path.decoded())) {
            (None, None) => Choice::NoApplication,
            (Some(sent), Some(decoded)) if Rc::ptr_eq(sent, decoded) => {
                if sent.here {
                    Choice::Found(sent)
                } else {
                    Choice::NoApplication
                }
            }
            _ => Choice::Ambiguous,
        }
    }

    /// The applications that this filter guards here, longest prefix first.
    pub fn guarded(self) -> impl Iterator<Item = &'a Rc<Placement>> {
        let here =
            move |placement: &&Rc<Placement>| placement.here && placement.has_port(self.port);
        self.placements.iter().filter(here)
    }
}

impl Placement {
    /// Whether an address on its host, from the path on, is of this place and no other.
    #[must_use]
    pub fn owns(&self, address: &str) -> bool {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let below = |prefix: &str| is_below(path.as_bytes(), prefix.as_bytes());
        below(&self.location.path_prefix) && !self.nested.iter().any(|prefix| below(prefix))
    }

    /// Without a port in the request, the origin must have its scheme's own.
    fn has_port(&self, port: Option<u16>) -> bool {
        let origin = &self.location.origin;
        let implied = if origin.is_https() { 443 } else { 80 };
        origin.port() == port.unwrap_or(implied)
    }
}

fn same(a: Option<&Rc<Placement>>, b: Option<&Rc<Placement>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Rc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// A location has one application. A hostname that applications share has one port: the filter does
/// not know to which listener a request came, only which port its client wrote.
fn refuse_conflict(
    placements: &[Placement],
    application: &Application,
    location: &Location,
) -> Result<(), TableError> {
    let taken = placements.iter().any(|other| {
        let mine = other.application.audience == application.audience;
        let same_port = other.location.origin.port() == location.origin.port();
        let same_prefix = other
            .location
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
fn arrange(mut placements: Vec<Placement>) -> Vec<Rc<Placement>> {
    placements.sort_by_key(|placement| std::cmp::Reverse(placement.location.path_prefix.len()));
    let first = placements.first().map(|p| p.application.audience.clone());
    let shared = placements
        .iter()
        .any(|p| Some(&p.application.audience) != first.as_ref());
    let prefixes: Vec<_> = placements
        .iter()
        .map(|placement| placement.location.path_prefix.clone())
        .collect();
    let place = |placement: Placement| {
        let own = &placement.location.path_prefix;
        let nested = prefixes
            .iter()
            .filter(|other| other.len() > own.len() && is_below(other.as_bytes(), own.as_bytes()));
        Placement {
            cookies: CookieNames::of(&placement.application.audience, shared),
            nested: nested.cloned().collect(),
            ..placement
        }
    };
    placements.into_iter().map(place).map(Rc::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::tests::{application, at};
    use crate::names::TOKEN_COOKIE;

    fn table() -> ApplicationTable {
        let applications = [
            application("a", &[at("wiki.example", None, None)]),
            application("b", &[at("wiki.example", None, Some("/admin/"))]),
            application("c", &[at("notes.example", Some(8443), None)]),
            application("d", &[at("deep.example", None, Some("/only"))]),
        ];
        let audience_d = "d".repeat(64);
        let table = ApplicationTable::build(applications.into_iter().map(Rc::new), &[]).unwrap();
        let deep = Authority::parse(b"deep.example").unwrap();
        assert!(table.host(&deep).is_some(), "{audience_d}");
        table
    }

    fn find(table: &ApplicationTable, authority: &str, path: &str) -> String {
        let authority = Authority::parse(authority.as_bytes()).unwrap();
        let Some(host) = table.host(&authority) else {
            return "unknown".into();
        };
        match host.find(&Readings::of(path).unwrap()) {
            Choice::NoApplication => "none".into(),
            Choice::Ambiguous => "ambiguous".into(),
            Choice::Found(placement) => placement.application.audience[..1].to_owned(),
        }
    }

    #[test]
    fn host_port_and_longest_prefix_choose() {
        let table = table();
        for (authority, path, expected) in [
            ("wiki.example", "/", "a"),
            ("wiki.example:443", "/x", "a"),
            ("WIKI.example.", "/x", "a"),
            ("wiki.example:80", "/", "none"),
            ("wiki.example", "/admin", "b"),
            ("wiki.example", "/admin/x", "b"),
            ("wiki.example", "/administrator", "a"),
            ("wiki.example", "/admin/../x", "ambiguous"),
            ("wiki.example", "/x/../admin", "ambiguous"),
            ("wiki.example", "/%61dmin", "ambiguous"),
            ("wiki.example", "//admin", "ambiguous"),
            ("wiki.example", "/admin;x", "ambiguous"),
            ("wiki.example", "/x/../admin/..;/", "ambiguous"),
            ("wiki.example", "/x/../admin//..", "ambiguous"),
            ("wiki.example", "/x/../y", "ambiguous"),
            ("wiki.example", "/ADMIN/y", "ambiguous"),
            ("wiki.example", "/admin./y", "ambiguous"),
            ("wiki.example", "/admin%20", "ambiguous"),
            ("wiki.example", "/x/..%20/admin", "ambiguous"),
            ("wiki.example", "/x/Inc./y.", "a"),
            ("wiki.example", "/X/y", "a"),
            ("wiki.example", "//x/admin", "ambiguous"),
            ("deep.example", "/only/%252e%252e/x/..;/only/y", "ambiguous"),
            ("notes.example:8443", "/x/../y", "c"),
            ("notes.example:8443", "/", "c"),
            ("notes.example", "/", "none"),
            ("deep.example", "/only/x", "d"),
            ("deep.example", "/", "none"),
            ("other.example", "/", "unknown"),
        ] {
            assert_eq!(find(&table, authority, path), expected, "{authority}{path}");
        }
    }

    #[test]
    fn sharing_and_guarding_are_known() {
        let applications = || {
            [
                application("a", &[at("w.example", None, None)]),
                application("b", &[at("w.example", None, Some("/b"))]),
                application(
                    "c",
                    &[at("n.example", None, None), at("n.example", Some(1), None)],
                ),
            ]
            .into_iter()
            .map(Rc::new)
        };
        let only_a = ["a".repeat(64)];
        let table = ApplicationTable::build(applications(), &only_a).unwrap();
        assert_eq!(find(&table, "w.example", "/"), "a");
        assert_eq!(find(&table, "w.example", "/b"), "none");
        assert_eq!(find(&table, "n.example", "/"), "none");
        let shares = |host: &str| {
            table.by_hostname[host]
                .iter()
                .all(|p| p.cookies.token != TOKEN_COOKIE)
        };
        assert!(shares("w.example") && !shares("n.example"));
        for (port, prefix) in [
            (None, Some("/")),
            (Some(8443), Some("/b")),
            (Some(8443), None),
        ] {
            let two = [
                application("a", &[at("w.example", None, None)]),
                application("b", &[at("w.example", port, prefix)]),
            ];
            assert!(ApplicationTable::build(two.into_iter().map(Rc::new), &[]).is_err());
        }
        let cases = [
            application("a", &[at("w.example", None, Some("/x"))]),
            application("b", &[at("w.example", None, Some("/X"))]),
        ];
        assert!(ApplicationTable::build(cases.into_iter().map(Rc::new), &[]).is_err());
    }
}
