//! What the page of settings shows.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::allowed::Allowed;
use super::super::super::mistakes::{in_words, is_of};
use super::super::super::shell::Shell;
use super::super::super::shown::Shown;
use super::super::shell_words::quoted;
use super::super::tabs::{Tab, tabs};
use super::merge::Conflict;
use super::setting::{Kind, PARTS};
use super::values::{ON, Values};
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::problems::InputProblem;
use crate::team_domain::page::failure::Failure;

/// What there is to say besides the fields.
#[derive(Default)]
pub struct Said {
    /// What is wrong; nothing was changed then.
    pub problems: Vec<InputProblem>,
    /// What is wrong with no field.
    pub general: Vec<String>,
    /// What was done.
    pub notice: Option<String>,
    /// The version of the feed that the notice is about.
    pub version: Option<u64>,
    /// What somebody else changed as well, and who and when.
    pub conflicts: Vec<Conflict>,
    /// Who made the other change, and when.
    pub other: String,
    /// What the save would end or open, and what confirms that.
    pub consequences: Vec<String>,
    /// The value that confirms the consequences.
    pub confirmation: String,
    /// Whether a wildcard of another application would get a hostname.
    pub asks_for_wildcard: bool,
}

#[derive(Template)]
#[template(path = "dashboard/applications/settings.html")]
struct SettingsTemplate<'a> {
    shell: Shell,
    tabs: Vec<Tab>,
    name: Shown,
    audience: &'a str,
    is_declared: bool,
    may_write: bool,
    may_revoke: bool,
    parts: Vec<(&'static str, Vec<Row>)>,
    /// What the fields were when the form was made, to merge two edits.
    opened: Vec<(String, String)>,
    said: &'a Said,
    toml: String,
    command: String,
}

/// A field.
struct Row {
    name: &'static str,
    label: &'static str,
    help: &'static str,
    not_for: &'static str,
    kind: &'static Kind,
    value: String,
    is_on: bool,
    wrong: Vec<String>,
}

/// The page, with the values that the fields have, and those that they had when the form was made.
pub fn page(
    (person, status): (&Allowed, StatusCode),
    application: &Application,
    (values, opened): (&Values, &Values),
    said: &Said,
) -> Result<Response, Failure> {
    let name = &application.definition.name;
    let page = SettingsTemplate {
        shell: person.shell(),
        tabs: tabs(person, &application.audience),
        name: Shown::new(name),
        audience: &application.audience,
        is_declared: application.declared,
        may_write: person.may(Scope::ApplicationsWrite) && !application.declared,
        may_revoke: person.may(Scope::ApplicationsRevoke),
        parts: rows(values, &said.problems),
        opened: opened
            .all()
            .map(|(name, text)| (format!("was.{name}"), text.to_owned()))
            .collect(),
        said,
        toml: toml(values),
        command: command(name, values),
    };
    person.respond(status, &page)
}

fn rows(values: &Values, problems: &[InputProblem]) -> Vec<(&'static str, Vec<Row>)> {
    let parts = PARTS.iter().map(|(title, settings)| {
        let rows = settings.iter().map(|setting| {
            let value = values.text(setting.name);
            Row {
                name: setting.name,
                label: setting.label,
                help: setting.help,
                not_for: setting.not_for,
                kind: &setting.kind,
                is_on: value == ON,
                value: value.to_owned(),
                wrong: problems
                    .iter()
                    .filter(|problem| is_of(problem, setting.name))
                    .map(in_words)
                    .collect(),
            }
        });
        (*title, rows.collect())
    });
    parts.collect()
}

/// The settings as the configuration file has them.
fn toml(values: &Values) -> String {
    let draft = crate::applications::Draft {
        policy: None,
        upstream: Some(values.text("upstream").to_owned()).filter(|text| !text.is_empty()),
        ..values.to_draft()
    };
    let mut json = serde_json::to_value(&draft).unwrap_or_default();
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        for bypass in fields
            .get_mut("bypass")
            .and_then(|all| all.as_array_mut())
            .into_iter()
            .flatten()
        {
            if let Some(bypass) = bypass.as_object_mut() {
                bypass.retain(|_, value| !value.is_null());
            }
        }
    }
    let fields = toml::to_string(&json).unwrap_or_default();
    format!(
        "[[applications]]\n{}",
        fields.replace("[[bypass]]", "[[applications.bypass]]")
    )
}

/// The command that sets what most people set.
fn command(name: &str, values: &Values) -> String {
    let options = [
        ("session-duration", "session_duration"),
        ("same-site", "same_site"),
    ];
    let options = options.map(|(option, setting)| format!("--{option} {}", values.text(setting)));
    let switches = [
        ("http-only", "http_only"),
        ("binding-cookie", "binding_cookie"),
    ];
    let switches = switches.map(|(option, setting)| {
        let is_on = values.text(setting) == ON;
        format!("--{option} {is_on}")
    });
    let name = quoted(name);
    format!(
        "portcullis-control application set {name} {} {}",
        options.join(" "),
        switches.join(" ")
    )
}
