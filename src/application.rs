//! Applications as the filter uses them: compiled from the feed, found by host and path.

mod address;
pub mod authority;
mod cookie_names;
mod layout;
pub mod path;
mod placement;
mod table;

use std::collections::HashMap;
use std::net::IpAddr;

use crate::protocol::calls::CookieSettings;
use crate::protocol::feed::{self, EscapedSlashes, PathMatch, Preflight, RefreshInRequest, Scheme};
use crate::protocol::origin_pattern::OriginPattern;
use crate::reason::Refusal;

use address::AddressRange;
pub use cookie_names::CookieNames;
pub use layout::TableError;
pub use placement::{Place, Placement};
pub use table::{ApplicationTable, Choice, Host, Scope};

/// An application, ready to be used on the request path.
#[derive(Debug)]
pub struct Application {
    /// 64 hex digits, `aud` of its tokens.
    pub audience: String,
    /// Its name, for people.
    pub name: String,
    /// Whether its tokens are bound to a binding cookie.
    pub binding: bool,
    /// How its cookies are set.
    pub cookie: CookieSettings,
    /// Whether tokens in headers are accepted.
    pub header_tokens: bool,
    /// Whether an expired session is refreshed inside the request.
    pub refresh_in_request: RefreshInRequest,
    /// How preflights are answered.
    pub preflight: Preflight,
    /// Origins that may read the filter's replies.
    pub cors_origins: Vec<String>,
    /// Whether headers that replace path or host reach it.
    pub keep_override_headers: bool,
    /// Whether its paths may have escaped slashes, where it has a hostname for itself.
    escaped_slashes: EscapedSlashes,
    /// Requests that need no session.
    bypass: Vec<Bypass>,
    /// The address ranges of each policy rule, if it has some.
    rules: HashMap<String, Option<Vec<AddressRange>>>,
    /// Where it can be reached.
    locations: Vec<Location>,
}

/// An origin of an application or a wildcard for some, with its path prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Scheme, hostname and port.
    pub origin: OriginPattern,
    /// Whole segments, without trailing slash; empty for the whole host.
    pub path_prefix: String,
}

#[derive(Debug)]
struct Bypass {
    path: String,
    matching: PathMatch,
    methods: Option<Vec<String>>,
    /// Where it may come from; absent for anywhere.
    ranges: Option<Vec<AddressRange>>,
}

/// An application of the feed that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationError {
    /// Its audience.
    pub audience: String,
    /// What is wrong, and where.
    pub problem: &'static str,
}

impl Application {
    /// Compiles an application of the feed.
    ///
    /// # Errors
    /// Anything in it that the filter could not carry out exactly.
    pub fn compile(wire: feed::FeedApplication) -> Result<Self, ApplicationError> {
        let error = |problem| ApplicationError {
            audience: wire.audience.clone(),
            problem,
        };
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if wire.audience.len() != 64 || !wire.audience.bytes().all(hex) {
            return Err(error("audience: not 64 lower-case hex digits"));
        }
        let locations = wire.origins.iter().map(Location::compile);
        let locations = locations
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| error("origins: a hostname, port or path_prefix is not usable"))?;
        let bypass = wire.bypass.iter().map(Bypass::compile);
        let bypass_from = wire.bypass_from.iter().map(Bypass::compile_from);
        let bypass = bypass
            .chain(bypass_from)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| error("bypass: a path does not begin with '/', or a range is none"))?;
        let rules = wire.rules.iter().map(|rule| {
            let ranges = match &rule.source_ranges {
                Some(ranges) => Some(address_ranges(ranges)?),
                None => None,
            };
            Some((rule.id.clone(), ranges))
        });
        let rules = rules
            .collect::<Option<HashMap<_, _>>>()
            .ok_or_else(|| error("rules: a source range is not an address range"))?;
        Ok(Self {
            bypass,
            rules,
            locations,
            audience: wire.audience,
            name: wire.name,
            binding: wire.binding,
            cookie: wire.cookie,
            header_tokens: wire.header_tokens,
            refresh_in_request: wire.refresh_in_request,
            preflight: wire.preflight,
            cors_origins: wire.cors_origins,
            keep_override_headers: wire.keep_override_headers,
            escaped_slashes: wire.escaped_slashes,
        })
    }

    /// Where it can be reached.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// Whether the policy rule that admitted a session still stands and admits this request.
    ///
    /// # Errors
    /// `session_expired` if the rule no longer exists, so that the policy is evaluated again;
    /// `policy_denied` if the rule does not admit the client's address.
    pub fn check_rule(&self, rule: &str, address: Option<IpAddr>) -> Result<(), Refusal> {
        match self.rules.get(rule) {
            None => Err(Refusal::SessionExpired),
            Some(None) => Ok(()),
            Some(Some(ranges)) if is_in(ranges, address) => Ok(()),
            Some(Some(_)) => Err(Refusal::PolicyDenied),
        }
    }

    /// Whether any rule depends on the client's address.
    #[must_use]
    pub fn asks_for_address(&self) -> bool {
        self.rules.values().any(Option::is_some)
    }

    /// Whether any rule depends on a request's method.
    fn asks_for_method(&self) -> bool {
        self.preflight != Preflight::Deny || self.bypass.iter().any(|rule| rule.methods.is_some())
    }

    /// Whether its paths may have escaped slashes: it says so, and none of them is bypassed.
    fn keeps_escaped_slashes(&self) -> bool {
        self.escaped_slashes == EscapedSlashes::Keep && self.bypass.is_empty()
    }

    /// Whether a request passes without a session: both readings of its path match a rule, the path
    /// as sent hides nothing, and it comes from where the rule says. `address` is asked only where
    /// it matters.
    #[must_use]
    pub fn bypasses(
        &self,
        path: &path::Readings<'_>,
        method: &[u8],
        address: &dyn Fn() -> Option<IpAddr>,
    ) -> bool {
        let admits = |rule: &Bypass| {
            rule.admits(path.sent(), method)
                && rule.admits(path.decoded(), method)
                && rule
                    .ranges
                    .as_ref()
                    .is_none_or(|ranges| is_in(ranges, address()))
        };
        path.is_normal() && self.bypass.iter().any(admits)
    }
}

impl Location {
    fn compile(wire: &feed::ApplicationOrigin) -> Option<Self> {
        let scheme = match wire.scheme {
            Scheme::Https => "https",
            Scheme::Http => "http",
        };
        let port = wire.port.map(|port| format!(":{port}")).unwrap_or_default();
        let origin: OriginPattern = format!("{scheme}://{}{port}", wire.hostname).parse().ok()?;
        let path_prefix = wire.path_prefix.clone().unwrap_or_default();
        let path_prefix = path_prefix.trim_end_matches('/').to_owned();
        let usable = path_prefix.is_empty()
            || (path_prefix.starts_with('/') && path::is_plain(path_prefix.as_bytes()));
        usable.then_some(Self {
            origin,
            path_prefix,
        })
    }
}

impl Bypass {
    fn compile(wire: &feed::Bypass) -> Option<Self> {
        wire.path.starts_with('/').then(|| Self {
            path: wire.path.clone(),
            matching: wire.matching,
            methods: wire.methods.clone(),
            ranges: None,
        })
    }

    fn compile_from(wire: &feed::BypassFrom) -> Option<Self> {
        Some(Self {
            ranges: Some(address_ranges(&wire.source_ranges)?),
            ..Self::compile(&wire.target)?
        })
    }

    fn admits(&self, path: &[u8], method: &[u8]) -> bool {
        let matches = match self.matching {
            PathMatch::Exact => path == self.path.as_bytes(),
            PathMatch::Prefix => path::is_below(path, self.path.trim_end_matches('/').as_bytes()),
        };
        let allowed = |methods: &Vec<String>| methods.iter().any(|m| m.as_bytes() == method);
        matches && self.methods.as_ref().is_none_or(allowed)
    }
}

fn address_ranges(texts: &[String]) -> Option<Vec<AddressRange>> {
    texts.iter().map(|text| text.parse().ok()).collect()
}

/// Whether an address is known, and in one of the ranges.
fn is_in(ranges: &[AddressRange], address: Option<IpAddr>) -> bool {
    address.is_some_and(|address| ranges.iter().any(|range| range.contains(address)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::protocol::calls::SameSite;
    use crate::protocol::feed::{ApplicationOrigin, Rule};

    /// An origin for [`wire`].
    pub fn at(hostname: &str, port: Option<u16>, prefix: Option<&str>) -> ApplicationOrigin {
        ApplicationOrigin {
            scheme: Scheme::Https,
            hostname: hostname.into(),
            port,
            path_prefix: prefix.map(Into::into),
        }
    }

    /// An application of the feed whose audience is one letter, 64 times.
    pub fn wire(letter: &str, origins: &[ApplicationOrigin]) -> feed::FeedApplication {
        feed::FeedApplication {
            audience: letter.repeat(64),
            name: letter.into(),
            origins: origins.to_vec(),
            binding: true,
            cookie: CookieSettings {
                http_only: true,
                same_site: SameSite::Lax,
                partitioned: false,
            },
            header_tokens: false,
            refresh_in_request: RefreshInRequest::default(),
            preflight: Preflight::default(),
            cors_origins: Vec::new(),
            keep_override_headers: false,
            escaped_slashes: EscapedSlashes::default(),
            bypass: Vec::new(),
            bypass_from: Vec::new(),
            rules: vec![Rule {
                id: "rule1".into(),
                source_ranges: None,
            }],
        }
    }

    /// The same, compiled.
    pub fn application(letter: &str, origins: &[ApplicationOrigin]) -> Application {
        Application::compile(wire(letter, origins)).unwrap()
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        let good = || wire("a", &[at("wiki.example", None, None)]);
        assert!(Application::compile(good()).is_ok());
        let spoil: [fn(&mut feed::FeedApplication); 11] = [
            |a| a.audience = "A".repeat(64),
            |a| a.origins[0].hostname = "Wiki.example".into(),
            |a| a.origins[0].hostname = "*.example".into(),
            |a| a.origins[0].hostname = "w*.wiki.example".into(),
            |a| a.origins[0].hostname = "**.wiki.example".into(),
            |a| a.origins[0].path_prefix = Some("admin".into()),
            |a| a.origins[0].path_prefix = Some("/a/../b".into()),
            |a| a.origins[0].path_prefix = Some("/a%20b".into()),
            |a| a.rules[0].source_ranges = Some(vec!["10.0.0.0/40".into()]),
            |a| {
                a.bypass = vec![feed::Bypass {
                    path: "health".into(),
                    matching: PathMatch::Exact,
                    methods: None,
                }];
            },
            |a| {
                a.bypass_from = vec![feed::BypassFrom {
                    target: health(),
                    source_ranges: vec!["10.0.0.0/8".into(), "office".into()],
                }];
            },
        ];
        for change in spoil {
            let mut application = good();
            change(&mut application);
            assert!(Application::compile(application).is_err());
        }
    }

    #[test]
    fn bypass_needs_both_readings_and_a_plain_spelling() {
        let mut application = wire("a", &[at("wiki.example", None, None)]);
        application.bypass = vec![
            feed::Bypass {
                path: "/public/".into(),
                matching: PathMatch::Prefix,
                methods: Some(vec!["GET".into()]),
            },
            feed::Bypass {
                path: "/health".into(),
                matching: PathMatch::Exact,
                methods: None,
            },
        ];
        let application = Application::compile(application).unwrap();
        for (method, path, passes) in [
            ("GET", "/public/a", true),
            ("GET", "/public", true),
            ("POST", "/public/a", false),
            ("GET", "/publicity", false),
            ("GET", "/public/../secret", false),
            ("GET", "/public/%2e%2e/secret", false),
            ("GET", "/public/..%2fsecret", false),
            ("GET", "/public/..;/secret", false),
            ("GET", "//public/a", false),
            ("GET", "/%70ublic/a", false),
            ("POST", "/health", true),
            ("POST", "/health/", false),
        ] {
            let readings = path::Readings::of(path).unwrap();
            assert_eq!(
                application.bypasses(&readings, method.as_bytes(), &|| None),
                passes,
                "{method} {path}"
            );
        }
    }

    fn health() -> feed::Bypass {
        feed::Bypass {
            path: "/health".into(),
            matching: PathMatch::Exact,
            methods: None,
        }
    }

    #[test]
    fn a_bypass_from_networks_needs_an_address_in_one_of_them() {
        let mut application = wire("a", &[at("wiki.example", None, None)]);
        application.escaped_slashes = EscapedSlashes::Keep;
        application.bypass_from = vec![feed::BypassFrom {
            target: health(),
            source_ranges: vec!["192.0.2.0/24".into(), "2001:db8::/32".into()],
        }];
        let application = Application::compile(application).unwrap();
        assert!(!application.keeps_escaped_slashes());
        for (path, address, passes) in [
            ("/health", "192.0.2.7", true),
            ("/health", "2001:db8::7", true),
            ("/health", "::ffff:192.0.2.7", true),
            ("/health", "198.51.100.7", false),
            ("/health/x", "192.0.2.7", false),
            ("/%68ealth", "192.0.2.7", false),
        ] {
            let readings = path::Readings::of(path).unwrap();
            let from =
                |address: Option<IpAddr>| application.bypasses(&readings, b"GET", &|| address);
            assert_eq!(from(address.parse().ok()), passes, "{path} {address}");
            assert!(!from(None), "{path}");
        }
    }

    #[test]
    fn rules_are_looked_up_and_asked() {
        let mut application = wire("a", &[]);
        application.rules.push(Rule {
            id: "office".into(),
            source_ranges: Some(vec!["192.0.2.0/24".into()]),
        });
        application.rules.push(Rule {
            id: "nowhere".into(),
            source_ranges: Some(Vec::new()),
        });
        let application = Application::compile(application).unwrap();
        let office = "192.0.2.7".parse().ok();
        assert_eq!(application.check_rule("rule1", None), Ok(()));
        assert_eq!(
            application.check_rule("gone", None),
            Err(Refusal::SessionExpired)
        );
        assert_eq!(application.check_rule("office", office), Ok(()));
        assert_eq!(
            application.check_rule("nowhere", office),
            Err(Refusal::PolicyDenied)
        );
        assert_eq!(
            application.check_rule("office", None),
            Err(Refusal::PolicyDenied)
        );
    }
}
