//! An application as an administrator wrote it: unchecked texts, all of them optional. For an
//! existing application it is a set of changes.

use std::time::Duration;

use portcullis::protocol::feed::PathMatch;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::definition::Definition;
use super::forward_groups::ForwardGroups;
use crate::policy::rules::Rule;
use crate::sessions::durations;

/// Settings as written. An absent one has its default, or is not changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ApplicationSettings)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// Its name.
    pub name: Option<String>,
    /// Where it is, as `https://wiki.example.com`, each with a path prefix or without.
    pub origins: Option<Vec<String>>,
    /// How long an application session lasts: `24h` by default.
    pub session_duration: Option<String>,
    /// Whether scripts cannot read the cookie: true by default.
    pub http_only: Option<bool>,
    /// The cookie's `SameSite`: `none`, `lax` (default) or `strict`.
    pub same_site: Option<String>,
    /// Whether the cookie is `Partitioned`: false by default.
    pub partitioned: Option<bool>,
    /// Whether a second cookie binds the token to the browser: true by default.
    pub binding_cookie: Option<bool>,
    /// Whether requests may carry tokens in headers: false by default.
    pub header_tokens: Option<bool>,
    /// Which expired tokens are refreshed within a request: `with_binding` (default), `always` or `never`.
    pub refresh_in_request: Option<String>,
    /// Who answers a CORS preflight: `deny` (default), `origin` or `answer`.
    pub preflight: Option<String>,
    /// Origins whose scripts may read the filter's replies.
    pub cors_origins: Option<Vec<String>>,
    /// What happens to a path with an escaped slash: `refuse` (default) or `keep`.
    pub escaped_slashes: Option<String>,
    /// Whether headers that replace the path or the host reach the application: false by default.
    pub keep_override_headers: Option<bool>,
    /// Requests that need no session.
    pub bypass: Option<Vec<BypassDraft>>,
    /// Whom it admits: rules, in order. Nobody by default.
    #[schema(value_type = Option<Vec<Rule>>)]
    pub policy: Option<Vec<Value>>,
    /// Which groups of a person it gets to know; none by default.
    #[schema(value_type = Option<ForwardGroups>)]
    pub forward_groups: Option<Value>,
    /// The server behind Envoy, as `http://127.0.0.1:3000`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
}

/// Requests that need no session, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Bypass)]
#[serde(deny_unknown_fields, default)]
pub struct BypassDraft {
    /// The path.
    pub path: String,
    /// `exact` (default) or `prefix`.
    #[serde(rename = "match")]
    pub matching: Option<String>,
    /// Their methods; all if absent.
    pub methods: Option<Vec<String>>,
}

impl Draft {
    /// `self` over `base`: what `self` leaves absent is taken from `base`.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            name: self.name.or(base.name),
            origins: self.origins.or(base.origins),
            session_duration: self.session_duration.or(base.session_duration),
            http_only: self.http_only.or(base.http_only),
            same_site: self.same_site.or(base.same_site),
            partitioned: self.partitioned.or(base.partitioned),
            binding_cookie: self.binding_cookie.or(base.binding_cookie),
            header_tokens: self.header_tokens.or(base.header_tokens),
            refresh_in_request: self.refresh_in_request.or(base.refresh_in_request),
            preflight: self.preflight.or(base.preflight),
            cors_origins: self.cors_origins.or(base.cors_origins),
            escaped_slashes: self.escaped_slashes.or(base.escaped_slashes),
            keep_override_headers: self.keep_override_headers.or(base.keep_override_headers),
            bypass: self.bypass.or(base.bypass),
            policy: self.policy.or(base.policy),
            forward_groups: self.forward_groups.or(base.forward_groups),
            upstream: self.upstream.or(base.upstream),
        }
    }
}

impl From<&Definition> for Draft {
    fn from(definition: &Definition) -> Self {
        let duration = Duration::from_secs(definition.session_duration_seconds);
        Self {
            name: Some(definition.name.clone()),
            origins: Some(definition.origins.iter().map(ToString::to_string).collect()),
            session_duration: Some(durations::to_text(duration)),
            http_only: Some(definition.cookie.http_only),
            same_site: Some(word(&definition.cookie.same_site)),
            partitioned: Some(definition.cookie.partitioned),
            binding_cookie: Some(definition.binding_cookie),
            header_tokens: Some(definition.header_tokens),
            refresh_in_request: Some(word(&definition.refresh_in_request)),
            preflight: Some(word(&definition.preflight)),
            cors_origins: Some(definition.cors_origins.clone()),
            escaped_slashes: Some(word(&definition.escaped_slashes)),
            keep_override_headers: Some(definition.keep_override_headers),
            bypass: Some(bypass_drafts(definition)),
            policy: Some(rule_drafts(definition)),
            forward_groups: Some(definition.forward_groups.clone().into()),
            upstream: definition.upstream.as_ref().map(ToString::to_string),
        }
    }
}

fn bypass_drafts(definition: &Definition) -> Vec<BypassDraft> {
    let draft = |bypass: &portcullis::protocol::feed::Bypass| BypassDraft {
        path: bypass.path.clone(),
        matching: Some(match bypass.matching {
            PathMatch::Exact => "exact".to_owned(),
            PathMatch::Prefix => "prefix".to_owned(),
        }),
        methods: bypass.methods.clone(),
    };
    definition.bypass.iter().map(draft).collect()
}

fn rule_drafts(definition: &Definition) -> Vec<Value> {
    let rules = definition.policy.rules().iter();
    // Serializing rules to memory cannot fail.
    rules
        .filter_map(|rule| serde_json::to_value(rule).ok())
        .collect()
}

/// The word of an enumeration, as in the configuration.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
