//! An application with its settings, checked.

use std::time::Duration;

use portcullis::protocol::calls::CookieSettings;
use portcullis::protocol::feed::{
    ApplicationOrigin, Bypass, BypassFrom, EscapedSlashes, FeedApplication, Preflight,
    RefreshInRequest, Rule, Scheme,
};
use portcullis::protocol::origin::Origin;
use serde::{Deserialize, Serialize};

use super::forward_groups::{FittingGroups, ForwardGroups};
use super::location::Location;
use super::upstream::Upstream;
use crate::policy::evaluate::{Decision, Matched};
use crate::policy::person::Person;
use crate::policy::rules::Policy;
use crate::sessions::durations::MOMENT;

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// 64 hex digits that never change, `aud` of its tokens.
    pub audience: String,
    /// Whether it is declared in the configuration file; it can then only be changed there.
    pub declared: bool,
    /// Its settings.
    pub definition: Definition,
}

/// The settings of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name, for people.
    pub name: String,
    /// Where it is reached; at least one location.
    pub origins: Vec<Location>,
    /// How long an application session lasts, in seconds; with 0 every navigation goes through the
    /// team domain.
    pub session_duration_seconds: u64,
    /// How its cookies are set.
    pub cookie: CookieSettings,
    /// Whether its tokens are bound to a binding cookie.
    pub binding_cookie: bool,
    /// Whether tokens in headers are accepted.
    pub header_tokens: bool,
    /// When an expired session is refreshed inside the request.
    pub refresh_in_request: RefreshInRequest,
    /// How a CORS preflight is answered.
    pub preflight: Preflight,
    /// Origins that may read the filter's replies across origins.
    pub cors_origins: Vec<String>,
    /// What becomes of paths with escaped slashes.
    #[serde(default)]
    pub escaped_slashes: EscapedSlashes,
    /// Whether headers that replace path or host reach it.
    #[serde(default)]
    pub keep_override_headers: bool,
    /// Requests that need no session.
    pub bypass: Vec<Bypass>,
    /// Who is admitted.
    pub policy: Policy,
    /// Which groups of a person it gets to know.
    #[serde(default, skip_serializing_if = "ForwardGroups::is_none")]
    pub forward_groups: ForwardGroups,
    /// The server behind Envoy, for `envoy-config`; filters do not need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// A person or a service token that a policy admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// The id of the rule in tokens and in the feed.
    pub rule: String,
    /// The name of the rule, for people.
    pub rule_name: String,
    /// How long the application session lasts, according to that rule or the application.
    pub session_duration: Duration,
}

impl Admitted {
    /// The longest life of a token; with a session duration of 0, [`MOMENT`].
    #[must_use]
    pub fn longest_token(&self) -> Duration {
        if self.session_duration.is_zero() {
            MOMENT
        } else {
            self.session_duration
        }
    }
}

impl Definition {
    /// How long an application session lasts, unless the rule that admits the user says otherwise.
    #[must_use]
    pub fn session_duration(&self) -> Duration {
        Duration::from_secs(self.session_duration_seconds)
    }

    /// The rule that admits a person, and for how long; `None` if the policy does not admit them.
    #[must_use]
    pub fn admit(&self, person: &Person) -> Option<Admitted> {
        match self.policy.decide(person) {
            Decision::Admitted(matched) => Some(self.admitted(matched)),
            Decision::Blocked(_) | Decision::NoRule => None,
        }
    }

    /// The rule that admits a service token, by its name; `None` if no `service` rule does.
    #[must_use]
    pub fn admit_service(&self, token_name: &str) -> Option<Admitted> {
        let matched = self.policy.service_rule(token_name)?;
        Some(self.admitted(matched))
    }

    /// Whether some requests need no session.
    #[must_use]
    pub fn has_bypass(&self) -> bool {
        !self.bypass.is_empty() || !self.policy.bypass_entries().is_empty()
    }

    /// The requests that need no session, wherever they come from.
    fn bypass_everywhere(&self) -> Vec<Bypass> {
        let entries = self.policy.bypass_entries().into_iter();
        let everywhere = entries.filter(|entry| entry.networks.is_all());
        let everywhere = everywhere.map(|entry| entry.target);
        self.bypass.iter().cloned().chain(everywhere).collect()
    }

    /// The groups of a person that the application gets to know; `None`: it forwards none.
    #[must_use]
    pub fn forwarded_groups(&self, person: &Person) -> Option<FittingGroups> {
        self.forward_groups.of_person(person, &self.policy)
    }

    /// What an administrator should know about the groups that are forwarded.
    #[must_use]
    pub fn note_on_groups(&self) -> Option<String> {
        self.forward_groups.note(&self.policy)
    }

    /// The requests that need no session from certain networks.
    fn bypass_from_networks(&self) -> Vec<BypassFrom> {
        let entries = self.policy.bypass_entries().into_iter();
        let some = entries.filter(|entry| !entry.networks.is_all());
        some.map(|entry| BypassFrom {
            target: entry.target,
            source_ranges: entry.networks.to_texts(),
        })
        .collect()
    }

    fn admitted(&self, matched: Matched<'_>) -> Admitted {
        let session_duration = matched.session_duration(self.session_duration());
        let id = self.policy.rule_id(matched, session_duration);
        Admitted {
            rule: self.forward_groups.rule_ids(&self.policy)(id),
            rule_name: matched.rule.id.clone(),
            session_duration,
        }
    }

    /// The rules of the feed, with the ids that [`Admitted`] has.
    fn feed_rules(&self) -> Vec<Rule> {
        let rules = self.policy.feed_rules(self.session_duration()).into_iter();
        let id_in_tokens = self.forward_groups.rule_ids(&self.policy);
        rules
            .map(|rule| Rule {
                id: id_in_tokens(rule.id),
                ..rule
            })
            .collect()
    }

    /// Whether the application names `origin`, exactly or by a wildcard, with any path prefix. Other
    /// applications may name it exactly: see [`Database::applications_reached_at`].
    ///
    /// [`Database::applications_reached_at`]: crate::storage::Database::applications_reached_at
    #[must_use]
    pub fn is_at(&self, origin: &Origin) -> bool {
        let mut places = self.origins.iter();
        places.any(|place| place.origin().matches(origin))
    }

    /// Whether the application names `origin` exactly, with any path prefix.
    #[must_use]
    pub fn names(&self, origin: &Origin) -> bool {
        let mut places = self.origins.iter();
        places.any(|place| place.origin().exact() == Some(origin))
    }

    /// Whether the application names a hostname exactly, on any port.
    #[must_use]
    pub fn names_hostname(&self, hostname: &str) -> bool {
        let mut places = self.origins.iter();
        places.any(|place| place.origin().hostname() == hostname)
    }

    /// The URL of the application's start page at `origin`, which is one of its own.
    #[must_use]
    pub fn home_at(&self, origin: &Origin) -> String {
        let places = || self.origins.iter();
        let place = places()
            .find(|place| place.origin().exact() == Some(origin))
            .or_else(|| places().find(|place| place.origin().matches(origin)));
        let prefix = place.and_then(Location::path_prefix).unwrap_or_default();
        format!("{origin}{prefix}/")
    }
}

impl Application {
    /// The application as filters see it.
    #[must_use]
    pub fn to_feed(&self) -> FeedApplication {
        let definition = &self.definition;
        FeedApplication {
            audience: self.audience.clone(),
            name: definition.name.clone(),
            origins: definition.origins.iter().map(feed_origin).collect(),
            binding: definition.binding_cookie,
            cookie: definition.cookie,
            header_tokens: definition.header_tokens,
            refresh_in_request: definition.refresh_in_request,
            preflight: definition.preflight,
            cors_origins: definition.cors_origins.clone(),
            escaped_slashes: definition.escaped_slashes,
            keep_override_headers: definition.keep_override_headers,
            bypass: definition.bypass_everywhere(),
            bypass_from: definition.bypass_from_networks(),
            rules: definition.feed_rules(),
        }
    }
}

fn feed_origin(place: &Location) -> ApplicationOrigin {
    let origin = place.origin();
    let own_port = if origin.is_https() { 443 } else { 80 };
    ApplicationOrigin {
        scheme: if origin.is_https() {
            Scheme::Https
        } else {
            Scheme::Http
        },
        hostname: origin.hostname().to_owned(),
        port: (origin.port() != own_port).then(|| origin.port()),
        path_prefix: place.path_prefix().map(ToOwned::to_owned),
    }
}
