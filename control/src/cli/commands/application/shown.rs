//! Applications as people read them. Everything that opens a door is shown: in the table of one
//! application every setting, in the list every setting that is less strict than the default.

use serde_json::Value;

use super::super::super::output::table;
use super::policy::admits;
use crate::api::applications::{ApplicationView, StoredApplication};
use crate::applications::{BypassDraft, Draft};

/// All applications, one a line.
pub fn list(applications: &[ApplicationView]) -> String {
    let rows: Vec<[String; 7]> = applications.iter().map(line).collect();
    let headings = [
        "NAME", "ORIGINS", "SESSION", "ADMITS", "OPENS", "FROM", "AUDIENCE",
    ];
    table(headings, &rows)
}

/// All settings of an application, one a line.
pub fn settings_of(application: &ApplicationView) -> String {
    // Without `..`, so that no setting can be forgotten here.
    let ApplicationView {
        audience,
        declared,
        settings,
    } = application;
    let Draft {
        name,
        origins,
        session_duration,
        http_only,
        same_site,
        partitioned,
        binding_cookie,
        header_tokens,
        refresh_in_request,
        preflight,
        cors_origins,
        escaped_slashes,
        keep_override_headers,
        bypass,
        policy,
        forward_groups,
        upstream,
    } = settings;
    let rows = [
        ("name", text(name.as_ref())),
        ("audience", audience.clone()),
        ("from", from(*declared).to_owned()),
        ("origins", joined(origins.as_deref())),
        ("upstream", text(upstream.as_ref())),
        ("session duration", text(session_duration.as_ref())),
        ("admits", admits(policy.as_deref())),
        ("bypass", joined_bypass(bypass.as_deref())),
        ("forward groups", groups(forward_groups.as_ref())),
        ("header tokens", flag(*header_tokens)),
        ("refresh in request", text(refresh_in_request.as_ref())),
        ("preflight", text(preflight.as_ref())),
        ("cors origins", joined(cors_origins.as_deref())),
        ("escaped slashes", text(escaped_slashes.as_ref())),
        ("keep override headers", flag(*keep_override_headers)),
        ("binding cookie", flag(*binding_cookie)),
        ("http only", flag(*http_only)),
        ("same site", text(same_site.as_ref())),
        ("partitioned", flag(*partitioned)),
    ]
    .map(|(setting, value)| [setting.to_owned(), value]);
    table(["SETTING", "VALUE"], &rows)
}

/// All settings of an application that was added or changed, and what it leaves to others.
pub fn with_notes(stored: &StoredApplication) -> String {
    settings_of(&stored.application) + &notes_below(&stored.notes)
}

/// Notes, one a line, to follow a text.
pub fn notes_below(notes: &[String]) -> String {
    notes.iter().map(|note| format!("\nnote: {note}")).collect()
}

fn line(application: &ApplicationView) -> [String; 7] {
    let ApplicationView {
        audience,
        declared,
        settings,
    } = application;
    [
        text(settings.name.as_ref()),
        joined(settings.origins.as_deref()),
        text(settings.session_duration.as_ref()),
        admits(settings.policy.as_deref()),
        opens(settings),
        from(*declared).to_owned(),
        audience.clone(),
    ]
}

/// The settings that are less strict than their defaults.
fn opens(settings: &Draft) -> String {
    let Draft {
        bypass,
        header_tokens,
        refresh_in_request,
        preflight,
        cors_origins,
        escaped_slashes,
        keep_override_headers,
        binding_cookie,
        http_only,
        same_site,
        // Shown in columns of their own.
        name: _,
        origins: _,
        session_duration: _,
        policy: _,
        // These open nothing.
        partitioned: _,
        forward_groups: _,
        upstream: _,
    } = settings;
    let is = |setting: &Option<String>, value: &str| setting.as_deref() == Some(value);
    let doors = [
        is_filled(bypass.as_deref())
            .then(|| format!("bypass {}", joined_bypass(bypass.as_deref()))),
        (*header_tokens == Some(true)).then(|| "header tokens".to_owned()),
        is(refresh_in_request, "always").then(|| "refresh always".to_owned()),
        (!is(preflight, "deny")).then(|| format!("preflight {}", text(preflight.as_ref()))),
        is_filled(cors_origins.as_deref())
            .then(|| format!("CORS {}", joined(cors_origins.as_deref()))),
        is(escaped_slashes, "keep").then(|| "escaped slashes".to_owned()),
        (*keep_override_headers == Some(true)).then(|| "override headers".to_owned()),
        (*binding_cookie == Some(false)).then(|| "no binding cookie".to_owned()),
        (*http_only == Some(false)).then(|| "scripts read the token".to_owned()),
        is(same_site, "none").then(|| "cookies across sites".to_owned()),
    ];
    let doors: Vec<String> = doors.into_iter().flatten().collect();
    if doors.is_empty() {
        "-".to_owned()
    } else {
        doors.join("; ")
    }
}

fn is_filled<T>(list: Option<&[T]>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

fn joined_bypass(bypass: Option<&[BypassDraft]>) -> String {
    let paths: Vec<String> = bypass.into_iter().flatten().map(path).collect();
    joined(Some(&paths))
}

/// A path as the option `--bypass` takes it, with its methods.
fn path(bypass: &BypassDraft) -> String {
    let BypassDraft {
        path,
        matching,
        methods,
    } = bypass;
    let below = match matching.as_deref() {
        Some("prefix") => format!("{}/*", path.trim_end_matches('/')),
        _ => path.clone(),
    };
    match methods {
        Some(methods) => format!("{below} ({})", methods.join(", ")),
        None => below,
    }
}

fn from(declared: bool) -> &'static str {
    if declared { "file" } else { "cli" }
}

fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "none".to_owned())
}

fn flag(flag: Option<bool>) -> String {
    flag.unwrap_or_default().to_string()
}

/// The groups as the option `--forward-groups` takes them. A name may contain spaces.
fn groups(setting: Option<&Value>) -> String {
    let names = match setting {
        Some(Value::Array(names)) => names.as_slice(),
        Some(word) => std::slice::from_ref(word),
        None => &[],
    };
    let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

fn joined(texts: Option<&[String]>) -> String {
    match texts {
        None | Some([]) => "none".to_owned(),
        Some(texts) => texts.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view(settings: Value) -> ApplicationView {
        ApplicationView {
            audience: "a".repeat(64),
            declared: false,
            settings: serde_json::from_value(settings).unwrap(),
        }
    }

    /// Every setting with its default.
    fn strict() -> Value {
        json!({
            "name": "wiki",
            "origins": ["https://wiki.example.com"],
            "session_duration": "24h",
            "http_only": true,
            "same_site": "lax",
            "partitioned": false,
            "binding_cookie": true,
            "header_tokens": false,
            "refresh_in_request": "with_binding",
            "preflight": "deny",
            "cors_origins": [],
            "escaped_slashes": "refuse",
            "keep_override_headers": false,
            "bypass": [],
            "policy": [],
            "forward_groups": [],
        })
    }

    /// Every setting with another value, less strict where there is one.
    fn open() -> Value {
        json!({
            "name": "other",
            "origins": ["https://other.example.com"],
            "session_duration": "1h",
            "http_only": false,
            "same_site": "none",
            "partitioned": true,
            "binding_cookie": false,
            "header_tokens": true,
            "refresh_in_request": "always",
            "preflight": "origin",
            "cors_origins": ["https://a.example"],
            "escaped_slashes": "keep",
            "keep_override_headers": true,
            "bypass": [{ "path": "/static", "match": "prefix", "methods": ["GET"] }],
            "policy": [{
                "id": "all", "action": "allow", "include": [{ "everyone": true }],
                "session_duration": "2h",
            }],
            "forward_groups": ["corp:it"],
            "upstream": "http://127.0.0.1:3000",
        })
    }

    #[test]
    fn every_setting_is_shown_and_every_door_is_listed() {
        let all = serde_json::to_value(Draft {
            // Absent in JSON otherwise.
            upstream: Some(String::new()),
            ..Draft::default()
        });
        let all = all.unwrap();
        let (shown, listed) = (settings_of(&view(strict())), list(&[view(strict())]));
        for field in all.as_object().unwrap().keys() {
            let value = &open()[field];
            assert!(!value.is_null(), "{field} has no value in this test");
            let mut changed = strict();
            changed[field] = value.clone();
            assert_ne!(settings_of(&view(changed.clone())), shown, "{field}");
            if !["partitioned", "forward_groups", "upstream"].contains(&field.as_str()) {
                assert_ne!(list(&[view(changed)]), listed, "{field}");
            }
        }
    }

    #[test]
    fn what_is_open_is_named() {
        let application = view(open());
        for shown in [settings_of(&application), list(&[application])] {
            for part in ["/static/* (GET)", "https://a.example", "everyone for 2h"] {
                assert!(shown.contains(part), "{part} in {shown}");
            }
        }
        let strict = list(&[view(strict())]);
        assert!(strict.contains("  nobody  -  "), "{strict}");
    }
}
