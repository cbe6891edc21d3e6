//! Which application a request is for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::Application;
use super::authority::Authority;
use super::cookie_names::CookieNames;
use super::layout::{TableError, arrange, refuse_conflict};
use super::path::{Readings, is_below};
use super::placement::{Place, Placed, Placement};
use crate::protocol::origin_pattern::domain_above;

/// All applications of the feed, by hostname.
///
/// A hostname that an application names exactly belongs to the applications that do, with all its
/// paths: no wildcard matches it. Nor does one match the team domain's hostname.
#[derive(Debug, Default)]
pub struct ApplicationTable {
    /// By the hostname as written: `*.preview.example.com` is one.
    placed: HashMap<String, Vec<Placed>>,
    /// The exact hostnames again, ready for requests.
    by_hostname: HashMap<String, Vec<Rc<Placement>>>,
    team_hostname: String,
}

/// What a filter guards.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// The audiences of its applications; empty for all.
    pub audiences: &'a [String],
    /// The team domain's hostname.
    pub team_hostname: &'a str,
}

/// A host of an application, and the port of a request.
#[derive(Debug, Clone)]
pub struct Host<'a> {
    placements: Cow<'a, [Rc<Placement>]>,
    port: Option<u16>,
}

/// What a path leads to on a host.
#[derive(Debug, Clone)]
pub enum Choice {
    /// The host is known, but no application of this filter has the port and path.
    NoApplication,
    /// The two readings of the path lead to different places.
    Ambiguous,
    /// An application.
    Found(Rc<Placement>),
}

impl ApplicationTable {
    /// Places applications.
    ///
    /// # Errors
    /// Two applications at one location, or on one hostname with two ports.
    pub fn build(
        applications: impl Iterator<Item = Rc<Application>>,
        scope: Scope<'_>,
    ) -> Result<Self, TableError> {
        let mut by_hostname: HashMap<String, Vec<Placed>> = HashMap::new();
        for application in applications {
            let audience = &application.audience;
            let here = scope.audiences.is_empty() || scope.audiences.contains(audience);
            for location in application.locations() {
                let hostname = location.origin.hostname().to_owned();
                let placed = by_hostname.entry(hostname).or_default();
                refuse_conflict(placed, &application, location)?;
                placed.push(Placed {
                    application: Rc::clone(&application),
                    origin: location.origin.clone(),
                    path_prefix: location.path_prefix.clone(),
                    cookies: CookieNames::of(audience, false),
                    here,
                    methods_matter: true,
                    escaped_slashes: false,
                    nested: Vec::new(),
                });
            }
        }
        let arranged = |(hostname, placed)| (hostname, arrange(placed));
        let placed: HashMap<_, _> = by_hostname.into_iter().map(arranged).collect();
        let exact = placed
            .iter()
            .filter(|(_, placed)| placed.iter().all(|one| one.origin.exact().is_some()))
            .map(|(hostname, placed)| (hostname.clone(), at(placed, hostname)));
        Ok(Self {
            by_hostname: exact.collect(),
            placed,
            team_hostname: scope.team_hostname.to_owned(),
        })
    }

    /// The host that a request names; `None` if no application does.
    #[must_use]
    pub fn host(&self, authority: &Authority<'_>) -> Option<Host<'_>> {
        let hostname = &*authority.hostname;
        let placements = match self.by_hostname.get(hostname) {
            Some(placements) => Cow::Borrowed(placements.as_slice()),
            None => Cow::Owned(at(self.wildcard_for(hostname)?, hostname)),
        };
        (!placements.is_empty()).then_some(Host {
            placements,
            port: authority.port,
        })
    }

    /// Whether an application is still reached at a place.
    #[must_use]
    pub fn leads_to(&self, audience: &str, place: &Place) -> bool {
        let hostname = place.origin.hostname();
        let placed = self
            .placed
            .get(hostname)
            .map(Vec::as_slice)
            .or_else(|| self.wildcard_for(hostname));
        placed.is_some_and(|placed| placed.iter().any(|one| one.is(audience, place)))
    }

    /// The applications of the wildcard that matches a hostname, unless some name it exactly.
    fn wildcard_for(&self, hostname: &str) -> Option<&[Placed]> {
        if hostname == self.team_hostname || self.by_hostname.contains_key(hostname) {
            return None;
        }
        let domain = domain_above(hostname)?;
        self.placed.get(&format!("*.{domain}")).map(Vec::as_slice)
    }
}

/// Applications at a hostname.
fn at(placed: &[Placed], hostname: &str) -> Vec<Rc<Placement>> {
    let placements = placed.iter().filter_map(|one| one.at(hostname));
    placements.map(Rc::new).collect()
}

impl Host<'_> {
    /// What a path leads to. The longest prefix wins.
    #[must_use]
    pub fn find(&self, path: &Readings<'_>) -> Choice {
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
                placement.has_port(*port)
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
                    Choice::Found(Rc::clone(sent))
                } else {
                    Choice::NoApplication
                }
            }
            _ => Choice::Ambiguous,
        }
    }

    /// The applications that this filter guards here, longest prefix first.
    pub fn guarded(&self) -> impl Iterator<Item = &Rc<Placement>> {
        let here =
            move |placement: &&Rc<Placement>| placement.here && placement.has_port(self.port);
        self.placements.iter().filter(here)
    }
}

fn same(a: Option<&Rc<Placement>>, b: Option<&Rc<Placement>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Rc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
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
        let table =
            ApplicationTable::build(applications.into_iter().map(Rc::new), Scope::default())
                .unwrap();
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
        let table = ApplicationTable::build(
            applications(),
            Scope {
                audiences: &only_a,
                ..Scope::default()
            },
        )
        .unwrap();
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
            assert!(
                ApplicationTable::build(two.into_iter().map(Rc::new), Scope::default()).is_err()
            );
        }
        let cases = [
            application("a", &[at("w.example", None, Some("/x"))]),
            application("b", &[at("w.example", None, Some("/X"))]),
        ];
        assert!(ApplicationTable::build(cases.into_iter().map(Rc::new), Scope::default()).is_err());
    }

    fn wildcards() -> ApplicationTable {
        let applications = [
            application("a", &[at("*.preview.example", None, None)]),
            application("b", &[at("*.preview.example", None, Some("/admin"))]),
            application(
                "c",
                &[at("exact.preview.example", Some(8443), Some("/only"))],
            ),
            application("d", &[at("*.deep.preview.example", None, None)]),
            application("e", &[at("*.port.example", Some(8443), None)]),
        ];
        let scope = Scope {
            team_hostname: "team.preview.example",
            ..Scope::default()
        };
        ApplicationTable::build(applications.into_iter().map(Rc::new), scope).unwrap()
    }

    #[test]
    fn a_wildcard_stands_for_what_no_application_names_exactly() {
        let table = wildcards();
        let long = format!("{}.preview.example", "a".repeat(64));
        for (authority, path, expected) in [
            ("x.preview.example", "/", "a"),
            ("x.preview.example:443", "/", "a"),
            ("X.Preview.Example.", "/", "a"),
            ("xn--bcher-kva.preview.example", "/", "a"),
            ("x_y.preview.example", "/", "a"),
            ("0.preview.example", "/", "a"),
            ("x.preview.example", "/admin/y", "b"),
            ("x.preview.example", "/ADMIN/y", "ambiguous"),
            ("x.preview.example:8443", "/", "none"),
            ("x.preview.example:80", "/", "none"),
            // An exact name has the whole host, on its own port alone.
            ("exact.preview.example:8443", "/only", "c"),
            ("exact.preview.example:8443", "/", "none"),
            ("exact.preview.example", "/", "none"),
            ("EXACT.preview.example.", "/admin", "none"),
            // One label, and neither none nor two.
            ("preview.example", "/", "unknown"),
            ("x.y.preview.example", "/", "unknown"),
            ("xpreview.example", "/", "unknown"),
            ("x.preview.example.evil.example", "/", "unknown"),
            (&long, "/", "unknown"),
            ("deep.preview.example", "/", "a"),
            ("x.deep.preview.example", "/", "d"),
            ("x.y.deep.preview.example", "/", "unknown"),
            ("team.preview.example", "/", "unknown"),
            ("TEAM.preview.example.", "/", "unknown"),
            ("team.preview.example:8443", "/", "unknown"),
            ("x.port.example:8443", "/", "e"),
            ("x.port.example", "/", "none"),
        ] {
            assert_eq!(find(&table, authority, path), expected, "{authority}{path}");
        }
        for unreadable in [
            "*.preview.example",
            ".preview.example",
            "x..preview.example",
            "evil.example?.preview.example",
            "evil.example#.preview.example",
            "evil.example/.preview.example",
            "evil.example\\.preview.example",
            "evil.example@x.preview.example",
            "x%2epreview.example",
            "x y.preview.example",
            "x.preview.example:443:80",
            "x.preview.example:443.evil.example",
            "b\u{fc}cher.preview.example",
        ] {
            assert_eq!(
                Authority::parse(unreadable.as_bytes()),
                None,
                "{unreadable}"
            );
        }
    }

    #[test]
    fn what_is_placed_on_a_wildcards_host_has_that_hosts_origin() {
        let table = wildcards();
        let authority = Authority::parse(b"X.preview.example").unwrap();
        let host = table.host(&authority).unwrap();
        let places: Vec<_> = host.guarded().cloned().collect();
        assert_eq!(places.len(), 2);
        for place in &places {
            let origin = place.location.origin.to_string();
            assert_eq!(origin, "https://x.preview.example");
            assert_ne!(place.cookies.token, TOKEN_COOKIE, "two share the host");
            let audience = &place.application.audience;
            assert!(table.leads_to(audience, &place.location));
            let hosts = |text: &str| Place {
                origin: text.parse().unwrap(),
                ..place.location.clone()
            };
            assert!(table.leads_to(audience, &hosts("https://y.preview.example")));
            for elsewhere in [
                "https://exact.preview.example",
                "https://team.preview.example",
                "https://x.preview.example:8443",
                "http://x.preview.example",
                "https://x.deep.preview.example",
            ] {
                assert!(!table.leads_to(audience, &hosts(elsewhere)), "{elsewhere}");
            }
        }
    }

    #[test]
    fn a_wildcard_is_given_once_and_an_exact_name_beside_it() {
        let build = |a: &str, b: &str| {
            let two = [
                application("a", &[at(a, None, None)]),
                application("b", &[at(b, None, None)]),
            ];
            ApplicationTable::build(two.into_iter().map(Rc::new), Scope::default())
        };
        assert!(build("*.w.example", "*.w.example").is_err());
        assert!(build("*.w.example", "x.w.example").is_ok());
        assert!(build("*.w.example", "*.x.w.example").is_ok());
        assert!(build("*.w.example", "w.example").is_ok());
    }
}
