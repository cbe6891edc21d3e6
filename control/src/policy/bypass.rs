//! `bypass` rules: requests that need no session, in the form of the feed.
//!
//! A rule stands for every way to satisfy it: one selector of `include` and one value of each
//! selector in `require`. Each way is one entry of the feed.

use portcullis::protocol::feed::{Bypass, PathMatch};

use super::networks::Networks;
use super::rules::{Action, Conditions, Policy};
use super::selector::Selector;

/// A request that needs no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path and methods.
    pub target: Bypass,
    /// The addresses that it may come from.
    pub networks: Networks,
}

/// A way to satisfy some selectors. What is absent does not matter.
#[derive(Debug, Clone, Default)]
struct Way {
    path: Option<PathPattern>,
    methods: Option<Vec<String>>,
    networks: Option<Networks>,
}

/// A path, as the `path` selector writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    /// Without `/*` at the end.
    pub path: String,
    /// Whether it stands for everything below as well.
    pub matching: PathMatch,
}

impl PathPattern {
    /// Reads `/health`, or `/static/*` for everything below.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.strip_suffix("/*") {
            Some("") => Self {
                path: "/".to_owned(),
                matching: PathMatch::Prefix,
            },
            Some(path) => Self {
                path: path.to_owned(),
                matching: PathMatch::Prefix,
            },
            None => Self {
                path: text.to_owned(),
                matching: PathMatch::Exact,
            },
        }
    }

    /// The paths that both stand for.
    fn and(self, other: Self) -> Option<Self> {
        if self.has(&other) {
            Some(other)
        } else {
            other.has(&self).then_some(self)
        }
    }

    /// Whether it stands for all paths of another.
    fn has(&self, other: &Self) -> bool {
        match self.matching {
            PathMatch::Exact => self == other,
            PathMatch::Prefix => {
                let rest = other.path.strip_prefix(self.path.trim_end_matches('/'));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

/// What is wrong with a path that is not [normal](is_normal_path).
pub const NOT_NORMAL: &str = "must begin with '/' and have one spelling only: no '//', dot segments, '%', \
                              '?', '#', '\\', ';' or spaces";

/// Whether a path has one spelling only, so that filter and application read it alike.
#[must_use]
pub fn is_normal_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains("//")
        && !path.split('/').any(|segment| matches!(segment, "." | ".."))
        && path
            .bytes()
            .all(|b| (0x21..=0x7e).contains(&b) && !b"%?#\\;".contains(&b))
}

impl Policy {
    /// All requests that need no session.
    #[must_use]
    pub fn bypass_entries(&self) -> Vec<Entry> {
        let rules = self.rules().iter();
        let rules = rules.filter(|rule| rule.action == Action::Bypass);
        rules
            .flat_map(|rule| self.entries_of(&rule.conditions))
            .collect()
    }

    /// The requests that need no session by the conditions of one rule.
    #[must_use]
    pub fn entries_of(&self, conditions: &Conditions) -> Vec<Entry> {
        let include = conditions.include.iter();
        let mut ways: Vec<Way> = include.flat_map(|one| self.ways(one)).collect();
        for selector in &conditions.require {
            let more = self.ways(selector);
            let pairs = ways
                .iter()
                .flat_map(|one| more.iter().map(move |other| (one.clone(), other.clone())));
            ways = pairs.filter_map(|(one, other)| one.and(other)).collect();
        }
        let exclude = conditions.exclude.iter();
        let excluded = exclude.filter_map(|one| self.selector_networks(one));
        let excluded = excluded.fold(Networks::none(), |all, networks| all.or(&networks));
        let entry = |way: Way| Entry {
            networks: way
                .networks
                .unwrap_or_else(Networks::all)
                .without(&excluded),
            target: {
                let path = way.path.unwrap_or_else(|| PathPattern::of("/*"));
                Bypass {
                    path: path.path,
                    matching: path.matching,
                    methods: way.methods,
                }
            },
        };
        ways.into_iter().map(entry).collect()
    }

    /// The ways to satisfy one selector. None for selectors that a bypass does not have.
    fn ways(&self, selector: &Selector) -> Vec<Way> {
        match selector {
            Selector::Path(paths) => {
                let paths = paths.0.iter().map(|path| Way {
                    path: Some(PathPattern::of(path)),
                    ..Way::default()
                });
                paths.collect()
            }
            Selector::Method(methods) => vec![Way {
                methods: Some(methods.0.clone()),
                ..Way::default()
            }],
            selector => {
                let networks = self.selector_networks(selector);
                let way = networks.map(|networks| Way {
                    networks: Some(networks),
                    ..Way::default()
                });
                way.into_iter().collect()
            }
        }
    }
}

impl Way {
    /// The requests that both stand for.
    fn and(self, other: Self) -> Option<Self> {
        let path = match (self.path, other.path) {
            (Some(one), Some(other)) => Some(one.and(other)?),
            (one, other) => one.or(other),
        };
        let methods = match (self.methods, other.methods) {
            (Some(one), Some(other)) => {
                let both: Vec<String> = one.into_iter().filter(|m| other.contains(m)).collect();
                Some(both).filter(|both| !both.is_empty())?.into()
            }
            (one, other) => one.or(other),
        };
        let networks = match (self.networks, other.networks) {
            (Some(one), Some(other)) => Some(one.and(&other)),
            (one, other) => one.or(other),
        };
        Some(Self {
            path,
            methods,
            networks,
        })
    }
}
