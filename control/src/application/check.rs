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
use crate::durations::Bounds;
use crate::problems::Problems;

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
pub fn check(draft: Draft, how: Checked<'_>, problems: &mut Problems) -> Option<Definition> {
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
fn usable_by_filters(definition: &Definition, how: Checked<'_>, problems: &mut Problems) -> bool {
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

fn name(name: Option<&str>, how: Checked<'_>, problems: &mut Problems) -> Option<String> {
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
    problems: &mut Problems,
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
    problems: &mut Problems,
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
    problems: &mut Problems,
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
mod tests {
    use super::*;
    use crate::application::{BypassDraft, RuleDraft};

    const HOW: Checked<'static> = Checked {
        path: "applications[2]",
        demo: false,
    };

    #[test]
    fn defaults_are_the_safe_ones() {
        let draft = Draft {
            name: Some("wiki".into()),
            origins: Some(vec!["https://wiki.example.com".into()]),
            ..Draft::default()
        };
        let definition = check(draft, HOW, &mut Problems::default()).unwrap();
        assert_eq!(definition.session_duration_seconds, 86_400);
        assert!(definition.cookie.http_only && definition.binding_cookie);
        assert_eq!(definition.cookie.same_site, SameSite::Lax);
        assert!(!definition.policy.admits("ana@example.com"));
    }

    #[test]
    fn a_definition_survives_being_a_draft() {
        let draft = Draft {
            name: Some("wiki".into()),
            origins: Some(vec!["https://wiki.example.com/w".into()]),
            same_site: Some("strict".into()),
            bypass: Some(vec![BypassDraft {
                path: "/health".into(),
                methods: Some(vec!["GET".into()]),
                ..BypassDraft::default()
            }]),
            policy: Some(vec![RuleDraft {
                emails: vec!["Ana@Example.com".into()],
                ..RuleDraft::default()
            }]),
            ..Draft::default()
        };
        let once = check(draft, HOW, &mut Problems::default()).unwrap();
        let twice = check(Draft::from(&once), HOW, &mut Problems::default()).unwrap();
        assert_eq!(once, twice);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let draft = Draft {
            origins: Some(vec!["wiki".into(), "https://a.example".into()]),
            session_duration: Some("soon".into()),
            same_site: Some("Lax".into()),
            cors_origins: Some(vec!["*".into()]),
            bypass: Some(vec![BypassDraft {
                path: "/a/../b".into(),
                ..BypassDraft::default()
            }]),
            policy: Some(vec![RuleDraft::default()]),
            ..Draft::default()
        };
        let mut problems = Problems::default();
        assert!(check(draft, HOW, &mut problems).is_none());
        let paths: Vec<String> = problems
            .finish()
            .unwrap_err()
            .0
            .into_iter()
            .map(|problem| problem.path)
            .collect();
        assert_eq!(
            paths,
            [
                "applications[2].name",
                "applications[2].origins[0]",
                "applications[2].session_duration",
                "applications[2].same_site",
                "applications[2].cors_origins[0]",
                "applications[2].bypass[0].path",
                "applications[2].policy[0].allow",
            ]
        );
    }

    #[test]
    fn what_filters_refuse_is_refused_here() {
        for origins in [
            &["https://p.example.com/.well-known"][..],
            &["https://p.example.com/x", "https://p.example.com/X"],
            &["http://s.localhost:9000", "https://s.localhost:9000"],
        ] {
            let draft = Draft {
                name: Some("p".to_owned()),
                origins: Some(origins.iter().map(ToString::to_string).collect()),
                ..Draft::default()
            };
            let mut problems = Problems::default();
            assert!(check(draft, HOW, &mut problems).is_none(), "{origins:?}");
            assert!(problems.finish().is_err(), "{origins:?}");
        }
    }
}
