//! From what was written to what is good: every field of a draft, all problems at once.

mod bypass;
mod policy;

use std::rc::Rc;

use portcullis::application::{self as filter, ApplicationTable, TableError};
use portcullis::protocol::calls::{CookieSettings, SameSite};
use portcullis::protocol::feed::{Preflight, RefreshInRequest};
use portcullis::protocol::origin::Origin;
use serde::de::DeserializeOwned;

use super::{Application, Definition, Draft, Location};
use crate::problems::InputProblems;
use crate::sessions::durations::Bounds;

const DEFAULT_SESSION_DURATION: &str = "24h";
const MAX_NAME_BYTES: usize = 64;

/// How a draft is judged.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'a> {
    /// Where the draft stands, as `applications[0]`; empty if it stands alone.
    pub path: &'a str,
    /// Whether durations may be very short.
    pub demo: bool,
}

impl Checked<'_> {
    fn at(self, field: &str) -> String {
        if self.path.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.path)
        }
    }
}

/// The definition that a draft makes; if `None`, at least one problem was noted.
pub fn check(draft: Draft, how: Checked<'_>, problems: &mut InputProblems) -> Option<Definition> {
    let name = name(draft.name.as_deref(), how, problems);
    let origins = origins(draft.origins.as_deref(), how, problems);
    let duration = Bounds::of_sessions(how.demo).parse(
        &how.at("session_duration"),
        draft
            .session_duration
            .as_deref()
            .unwrap_or(DEFAULT_SESSION_DURATION),
        problems,
    );
    let choice = |field: &str, text: Option<String>, default: &str| {
        (how.at(field), text.unwrap_or_else(|| default.to_owned()))
    };
    let same_site: Option<SameSite> = word(
        &choice("same_site", draft.same_site, "lax"),
        "none, lax or strict",
        problems,
    );
    let refresh_in_request: Option<RefreshInRequest> = word(
        &choice(
            "refresh_in_request",
            draft.refresh_in_request,
            "with_binding",
        ),
        "with_binding, always or never",
        problems,
    );
    let preflight: Option<Preflight> = word(
        &choice("preflight", draft.preflight, "deny"),
        "deny, origin or answer",
        problems,
    );
    let cors_origins = cors_origins(draft.cors_origins.unwrap_or_default(), how, problems);
    let bypass = bypass::bypasses(draft.bypass.unwrap_or_default(), how, problems);
    let policy = policy::policy(draft.policy.unwrap_or_default(), how, problems);
    let definition = Definition {
        name: name?,
        origins: origins?,
        session_duration_seconds: duration?.as_secs(),
        cookie: CookieSettings {
            http_only: draft.http_only.unwrap_or(true),
            same_site: same_site?,
            partitioned: draft.partitioned.unwrap_or(false),
        },
        binding_cookie: draft.binding_cookie.unwrap_or(true),
        header_tokens: draft.header_tokens.unwrap_or(false),
        refresh_in_request: refresh_in_request?,
        preflight: preflight?,
        cors_origins: cors_origins?,
        bypass: bypass?,
        policy: policy?,
    };
    usable_by_filters(&definition, how, problems).then_some(definition)
}

/// Whether filters will take it: one that they refuse would stop their feed for everybody.
fn usable_by_filters(
    definition: &Definition,
    how: Checked<'_>,
    problems: &mut InputProblems,
) -> bool {
    let application = Application {
        audience: "0".repeat(64),
        declared: false,
        definition: definition.clone(),
    };
    let refused = match filter::Application::compile(application.to_feed()) {
        Err(error) => Some(error.problem.to_owned()),
        Ok(application) => ApplicationTable::build(std::iter::once(Rc::new(application)), &[])
            .err()
            .map(|error| {
                let TableError {
                    origin,
                    path_prefix,
                } = error;
                format!("`{origin}{path_prefix}` is there twice, but for scheme or case")
            }),
    };
    if let Some(refused) = &refused {
        problems.add(&how.at("origins"), "", refused);
    }
    refused.is_none()
}

fn name(name: Option<&str>, how: Checked<'_>, problems: &mut InputProblems) -> Option<String> {
    let path = how.at("name");
    match name {
        None => problems.add(&path, "", "is missing"),
        Some(name)
            if name.is_empty()
                || name.len() > MAX_NAME_BYTES
                || name.trim() != name
                || name.chars().any(char::is_control) =>
        {
            problems.add(&path, name, "must be 1 to 64 bytes, without outer spaces");
        }
        Some(name) => return Some(name.to_owned()),
    }
    None
}

fn origins(
    texts: Option<&[String]>,
    how: Checked<'_>,
    problems: &mut InputProblems,
) -> Option<Vec<Location>> {
    let path = how.at("origins");
    let texts = texts.unwrap_or_default();
    if texts.is_empty() {
        problems.add(&path, "", "needs at least one, as https://wiki.example.com");
        return None;
    }
    let mut places: Vec<Location> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match text.parse::<Location>() {
            Ok(place) if places.contains(&place) => problems.add(&path, text, "is there twice"),
            Ok(place) => places.push(place),
            Err(error) => problems.add(&path, text, error),
        }
    }
    (places.len() == texts.len()).then_some(places)
}

/// One of the words of an enumeration, given with its path.
fn word<T: DeserializeOwned>(
    (path, text): &(String, String),
    choices: &str,
    problems: &mut InputProblems,
) -> Option<T> {
    let value = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    if value.is_err() {
        problems.add(path, text, format!("must be {choices}"));
    }
    value.ok()
}

fn cors_origins(
    texts: Vec<String>,
    how: Checked<'_>,
    problems: &mut InputProblems,
) -> Option<Vec<String>> {
    let path = how.at("cors_origins");
    let mut good = Vec::new();
    let count = texts.len();
    for (index, text) in texts.into_iter().enumerate() {
        match text.parse::<Origin>() {
            // The browser's text is compared, and a browser leaves the scheme's own port out.
            Ok(origin) => good.push(origin.to_string()),
            Err(error) => problems.add(&format!("{path}[{index}]"), text, error),
        }
    }
    (good.len() == count).then_some(good)
}

#[cfg(test)]
mod tests;
