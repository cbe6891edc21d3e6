//! Drafts, good and bad.

use serde_json::json;

use super::*;
use crate::applications::draft::BypassDraft;
use crate::policy::check::context::Names;
use crate::policy::person::Person;

const HOW: CheckContext<'static> = CheckContext {
    path: "applications[2]",
    demo: false,
    names: Names::NONE,
};

#[test]
fn defaults_are_the_safe_ones() {
    let draft = Draft {
        name: Some("wiki".into()),
        origins: Some(vec!["https://wiki.example.com".into()]),
        ..Draft::default()
    };
    let definition = check(draft, HOW, &mut InputProblems::default()).unwrap();
    assert_eq!(definition.session_duration_seconds, 86_400);
    assert!(definition.cookie.http_only && definition.binding_cookie);
    assert_eq!(definition.cookie.same_site, SameSite::Lax);
    assert!(
        definition
            .admit(&Person::with_email("ana@example.com"))
            .is_none()
    );
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
        policy: Some(vec![json!({ "emails": ["Ana@Example.com"] })]),
        ..Draft::default()
    };
    let once = check(draft, HOW, &mut InputProblems::default()).unwrap();
    let twice = check(Draft::from(&once), HOW, &mut InputProblems::default()).unwrap();
    assert_eq!(once, twice);
}

#[test]
fn all_problems_are_reported_at_once() {
    let draft = Draft {
        origins: Some(vec!["wiki".into(), "https://a.example".into()]),
        session_duration: Some("soon".into()),
        same_site: Some("Lax".into()),
        cors_origins: Some(vec!["*".into()]),
        escaped_slashes: Some("allow".into()),
        bypass: Some(vec![BypassDraft {
            path: "/a/../b".into(),
            ..BypassDraft::default()
        }]),
        policy: Some(vec![json!({ "allow": {} })]),
        ..Draft::default()
    };
    let mut problems = InputProblems::default();
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
            "applications[2].escaped_slashes",
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
        let mut problems = InputProblems::default();
        assert!(check(draft, HOW, &mut problems).is_none(), "{origins:?}");
        assert!(problems.finish().is_err(), "{origins:?}");
    }
}

/// Definitions are stored as JSON, and those of an older service lack newer settings.
#[test]
fn a_stored_definition_without_the_newest_settings_has_their_defaults() {
    let draft = Draft {
        name: Some("wiki".into()),
        origins: Some(vec!["https://wiki.example.com".into()]),
        ..Draft::default()
    };
    let definition = check(draft, HOW, &mut InputProblems::default()).unwrap();
    let mut stored = serde_json::to_value(&definition).unwrap();
    for setting in ["escaped_slashes", "keep_override_headers"] {
        let removed = stored.as_object_mut().unwrap().remove(setting);
        assert!(removed.is_some(), "{setting}");
    }
    let read: Definition = serde_json::from_value(stored).unwrap();
    assert_eq!(read, definition);
}
