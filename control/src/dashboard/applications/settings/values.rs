//! The values of all settings, as texts of a form.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::super::fields::Fields;
use super::setting::{Kind, Setting, all};
use crate::applications::forward_groups::IN_POLICY;
use crate::applications::{BypassDraft, Definition, Draft};

/// What a switch that is on is.
pub const ON: &str = "on";

/// A text for each setting. A switch is [`ON`] or empty; a list has a line for each value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values(BTreeMap<&'static str, String>);

impl Values {
    /// Those of an application.
    pub fn of(definition: &Definition) -> Self {
        let draft = Draft::from(definition);
        Self(
            all()
                .map(|setting| (setting.name, text(&draft, setting.name)))
                .collect(),
        )
    }

    /// Those of a form, with names that begin with `prefix`.
    pub fn read(fields: &Fields, prefix: &str) -> Self {
        let read = |setting: &Setting| {
            let typed = fields.text(&format!("{prefix}{}", setting.name));
            match setting.kind {
                Kind::Lines => lines(typed).collect::<Vec<_>>().join("\n"),
                Kind::Line | Kind::Switch | Kind::Choice(_) => typed.trim().to_owned(),
            }
        };
        Self(all().map(|setting| (setting.name, read(setting))).collect())
    }

    /// The text of a setting.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Sets the text of a setting.
    pub fn set(&mut self, name: &'static str, text: &str) {
        self.0.insert(name, text.to_owned());
    }

    /// All of them, with their names.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }

    /// As an administrator would write them; the policy is not among them.
    pub fn to_draft(&self) -> Draft {
        let line = |name: &str| Some(self.text(name).to_owned());
        let is_on = |name: &str| Some(self.text(name) == ON);
        let list = |name: &str| lines(self.text(name)).map(ToOwned::to_owned).collect();
        Draft {
            name: line("name"),
            origins: Some(list("origins")),
            session_duration: line("session_duration"),
            http_only: is_on("http_only"),
            same_site: line("same_site"),
            partitioned: is_on("partitioned"),
            binding_cookie: is_on("binding_cookie"),
            header_tokens: is_on("header_tokens"),
            refresh_in_request: line("refresh_in_request"),
            preflight: line("preflight"),
            cors_origins: Some(list("cors_origins")),
            escaped_slashes: line("escaped_slashes"),
            keep_override_headers: is_on("keep_override_headers"),
            bypass: Some(lines(self.text("bypass")).map(bypass).collect()),
            policy: None,
            forward_groups: Some(match self.text("forward_groups") {
                IN_POLICY => IN_POLICY.into(),
                groups => lines(groups).collect::<Vec<_>>().into(),
            }),
            upstream: line("upstream"),
        }
    }
}

/// The lines that are not empty.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn text(draft: &Draft, name: &str) -> String {
    let switch = |value: Option<bool>| if value == Some(true) { ON } else { "" }.to_owned();
    let list = |values: &Option<Vec<String>>| values.as_deref().unwrap_or_default().join("\n");
    let line = |value: &Option<String>| value.clone().unwrap_or_default();
    match name {
        "name" => line(&draft.name),
        "origins" => list(&draft.origins),
        "session_duration" => line(&draft.session_duration),
        "http_only" => switch(draft.http_only),
        "same_site" => line(&draft.same_site),
        "partitioned" => switch(draft.partitioned),
        "binding_cookie" => switch(draft.binding_cookie),
        "header_tokens" => switch(draft.header_tokens),
        "refresh_in_request" => line(&draft.refresh_in_request),
        "preflight" => line(&draft.preflight),
        "cors_origins" => list(&draft.cors_origins),
        "escaped_slashes" => line(&draft.escaped_slashes),
        "keep_override_headers" => switch(draft.keep_override_headers),
        "bypass" => {
            let bypasses = draft.bypass.iter().flatten().map(bypass_line);
            bypasses.collect::<Vec<_>>().join("\n")
        }
        "forward_groups" => groups(draft.forward_groups.as_ref().unwrap_or(&json!([]))),
        "upstream" => line(&draft.upstream),
        _ => String::new(),
    }
}

fn groups(setting: &Value) -> String {
    match setting {
        Value::String(word) => word.clone(),
        Value::Array(groups) => {
            let names = groups.iter().filter_map(Value::as_str);
            names.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// `GET,HEAD /static/*`: methods, if not all are meant, and a path; with `/*` at its end everything below,
/// too.
fn bypass(line: &str) -> BypassDraft {
    let (methods, path) = match line.split_once(char::is_whitespace) {
        Some((methods, path)) => (Some(methods), path.trim()),
        None => (None, line),
    };
    let methods = methods.map(|methods| methods.split(',').map(ToOwned::to_owned).collect());
    let (path, matching) = match path.strip_suffix("/*") {
        Some("") => ("/", "prefix"),
        Some(prefix) => (prefix, "prefix"),
        None => (path, "exact"),
    };
    BypassDraft {
        path: path.to_owned(),
        matching: Some(matching.to_owned()),
        methods,
    }
}

fn bypass_line(bypass: &BypassDraft) -> String {
    let methods = bypass
        .methods
        .as_ref()
        .map(|methods| methods.join(",") + " ");
    let path = match (bypass.matching.as_deref(), bypass.path.as_str()) {
        (Some("prefix"), "/") => "/*".to_owned(),
        (Some("prefix"), path) => format!("{path}/*"),
        (_, path) => path.to_owned(),
    };
    format!("{}{path}", methods.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_a_draft_has_a_text_and_comes_back() {
        let draft = Draft {
            name: Some("wiki".to_owned()),
            origins: Some(vec![
                "https://a.example".to_owned(),
                "https://b.example/x".to_owned(),
            ]),
            session_duration: Some("24h".to_owned()),
            http_only: Some(true),
            same_site: Some("strict".to_owned()),
            partitioned: Some(false),
            binding_cookie: Some(true),
            header_tokens: Some(false),
            refresh_in_request: Some("always".to_owned()),
            preflight: Some("answer".to_owned()),
            cors_origins: Some(vec!["https://c.example".to_owned()]),
            escaped_slashes: Some("keep".to_owned()),
            keep_override_headers: Some(true),
            bypass: Some(vec![
                bypass("/health"),
                bypass("GET,HEAD /static/*"),
                bypass("POST /*"),
            ]),
            policy: None,
            forward_groups: Some(json!(["corp:a", "corp:b"])),
            upstream: Some("http://127.0.0.1:3000".to_owned()),
        };
        let values = Values(
            all()
                .map(|one| (one.name, text(&draft, one.name)))
                .collect(),
        );
        assert_eq!(
            values.text("bypass"),
            "/health\nGET,HEAD /static/*\nPOST /*"
        );
        assert_eq!(values.to_draft(), draft);
        // A setting that the page forgot would be empty here.
        let fields = serde_json::to_value(&draft).unwrap();
        for name in fields
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "policy")
        {
            assert!(all().any(|setting| setting.name == name), "{name}");
        }
    }
}
