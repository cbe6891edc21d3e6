//! An application as an administrator wrote it: unchecked texts, all of them optional. For an
//! existing application it is a set of changes.

use std::time::Duration;

use portcullis::protocol::feed::PathMatch;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definition::Definition;
use crate::sessions::durations;

/// Settings as written. An absent one has its default, or is not changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// `name`.
    pub name: Option<String>,
    /// `origins`: `https://wiki.example.com`, or with a path prefix.
    pub origins: Option<Vec<String>>,
    /// `session_duration`: `24h` by default.
    pub session_duration: Option<String>,
    /// `http_only`: true by default.
    pub http_only: Option<bool>,
    /// `same_site`: `none`, `lax` (default) or `strict`.
    pub same_site: Option<String>,
    /// `partitioned`: false by default.
    pub partitioned: Option<bool>,
    /// `binding_cookie`: true by default.
    pub binding_cookie: Option<bool>,
    /// `header_tokens`: false by default.
    pub header_tokens: Option<bool>,
    /// `refresh_in_request`: `with_binding` (default), `always` or `never`.
    pub refresh_in_request: Option<String>,
    /// `preflight`: `deny` (default), `origin` or `answer`.
    pub preflight: Option<String>,
    /// `cors_origins`.
    pub cors_origins: Option<Vec<String>>,
    /// `escaped_slashes`: `refuse` (default) or `keep`.
    pub escaped_slashes: Option<String>,
    /// `keep_override_headers`: false by default.
    pub keep_override_headers: Option<bool>,
    /// `bypass`.
    pub bypass: Option<Vec<BypassDraft>>,
    /// `policy`: rules in the form of [`Rule`](crate::policy::rules::Rule), as JSON; admits nobody by
    /// default.
    pub policy: Option<Vec<Value>>,
    /// `forward_groups`: in the form of [`ForwardGroups`](super::ForwardGroups), as JSON; none by default.
    pub forward_groups: Option<Value>,
    /// `upstream`: `http://127.0.0.1:3000`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
}

/// Requests that need no session, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
