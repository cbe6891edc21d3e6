//! `GET /dashboard/audit`: what happened, newest first; a filter is in the URL.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::base64url;
use serde::{Deserialize, Serialize};

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::address;
use super::line::Line;
use crate::administration::audit::asked::{Asked, WrongFilter, name};
use crate::administration::audit::page;
use crate::api::list::{cursor, read_cursor};
use crate::audit::EventName;
use crate::service::Service;
use crate::storage::{AuditField, READ_AT_ONCE};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

/// How long a page is.
const ROWS: u32 = 50;

/// What the page's address says.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(flatten)]
    asked: Asked,
    cursor: Option<String>,
}

/// Where a page begins, and of which filter it is a page.
#[derive(Serialize, Deserialize)]
struct Cursor {
    of: String,
    below: u64,
}

#[derive(Template)]
#[template(path = "dashboard/audit/list.html")]
struct ListTemplate {
    shell: Shell,
    fields: Vec<Field>,
    events: Vec<&'static str>,
    has_errors: bool,
    is_filtered: bool,
    lines: Vec<Line>,
    /// What to say where there is no line.
    without: Option<Without>,
    came_to: Option<ShownTime>,
    read_at_once: u32,
    next: Option<String>,
    is_first: bool,
    first: String,
    /// The filter, for links to exports.
    query: String,
}

/// A field of the filter.
struct Field {
    name: &'static str,
    label: &'static str,
    help: &'static str,
    value: String,
    wrong: Option<String>,
}

/// The filter that excludes most.
struct Without {
    label: &'static str,
    count: u64,
    address: String,
}

/// `GET /dashboard/audit`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let asked = query.asked;
    let below = begin(&asked, query.cursor.as_deref())?;
    let filter = match asked.filter() {
        Ok(filter) => filter,
        Err(wrong) => {
            let page = ListTemplate::new(&person, &asked, &wrong);
            return person.respond(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let found = page(&service, &filter, below, ROWS).await?;
    let mut page = ListTemplate::new(&person, &asked, &[]);
    page.is_first = below.is_none();
    if found.events.is_empty() && set(&asked).count() > 1 {
        let most = found.excludes_most(&service, &filter).await?;
        page.without = most.map(|(field, count)| Without {
            label: label(field),
            count,
            address: address(&without(&asked, field)),
        });
    }
    page.came_to = found.came_to.map(|at| ShownTime::at(at.to_seconds()));
    page.next = found.next.map(|below| continued(&asked, below));
    page.lines = Line::all(found.events);
    person.respond(StatusCode::OK, &page)
}

/// Below which id the page begins.
fn begin(asked: &Asked, cursor: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(text) = cursor else {
        return Ok(None);
    };
    let cursor: Cursor = read_cursor(text).ok_or(Failure::BadQuery)?;
    if cursor.of != fingerprint(asked) {
        return Err(Failure::BadQuery);
    }
    Ok(Some(cursor.below))
}

/// The address of the page that begins below an id.
fn continued(asked: &Asked, below: u64) -> String {
    let of = fingerprint(asked);
    let cursor = cursor(&Cursor { of, below }).unwrap_or_default();
    let address = address(asked);
    let and = if address.contains('?') { '&' } else { '?' };
    // A cursor is base64url, so it needs no escapes.
    format!("{address}{and}cursor={cursor}")
}

/// Tells filters apart.
fn fingerprint(asked: &Asked) -> String {
    let hash = hmac_sha256::Hash::hash(asked.to_query().as_bytes());
    base64url::encode(hash.get(..8).unwrap_or_default())
}

/// The fields that are filled in.
fn set(asked: &Asked) -> impl Iterator<Item = AuditField> {
    let fields = asked.fields().into_iter();
    let set = fields.filter(|(_, text)| !text.trim().is_empty());
    set.map(|(field, _)| field)
}

/// The same filter without one of its fields.
fn without(asked: &Asked, field: AuditField) -> Asked {
    let mut rest = asked.clone();
    rest.text_mut(field).clear();
    rest
}

impl ListTemplate {
    fn new(person: &Allowed, asked: &Asked, wrong: &[WrongFilter]) -> Self {
        let field = |(field, value): (AuditField, &str)| {
            let wrong = wrong.iter().find(|one| one.field == field);
            Field {
                name: name(field),
                label: label(field),
                help: help(field),
                value: value.to_owned(),
                wrong: wrong.map(|one| format!("{} {}", label(field), one.message)),
            }
        };
        Self {
            shell: person.shell(),
            fields: asked.fields().map(field).into(),
            events: EventName::ALL.map(EventName::as_str).into(),
            has_errors: !wrong.is_empty(),
            is_filtered: set(asked).next().is_some(),
            lines: Vec::new(),
            without: None,
            came_to: None,
            read_at_once: READ_AT_ONCE,
            next: None,
            is_first: true,
            first: address(asked),
            query: asked.to_query(),
        }
    }
}

fn label(field: AuditField) -> &'static str {
    match field {
        AuditField::Since => "From",
        AuditField::Until => "To",
        AuditField::Event => "Event",
        AuditField::NotEvent => "Not these events",
        AuditField::User => "User",
        AuditField::Application => "Application",
        AuditField::Actor => "Actor",
        AuditField::Outcome => "Outcome",
        AuditField::Address => "Address",
        AuditField::Reference => "Reference",
    }
}

fn help(field: AuditField) -> &'static str {
    match field {
        AuditField::Since => {
            "A date such as 2026-11-27, or a time in UTC such as 2026-11-27T08:00:00Z."
        }
        AuditField::Until => "Events before this date or time.",
        AuditField::Event => "A name such as sign_in.refused, or a group such as sign_in.",
        AuditField::NotEvent => "Names or groups that are left out, separated by commas.",
        AuditField::User => "The e-mail address or id of the user whom it concerns.",
        AuditField::Application => "The name of an application.",
        AuditField::Actor => "Who acted: a name, an id, or a kind such as cli or admin_token.",
        AuditField::Outcome => "Whether somebody was let in.",
        AuditField::Address => "An address, or a network such as 192.0.2.0/24.",
        AuditField::Reference => {
            "The reference of an error page: the beginning of the request's id."
        }
    }
}
