//! `GET /dashboard/audit/{id}`: all that is known of an event.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::super::allowed::Allowed;
use super::super::path::PATH;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::address;
use super::line::Line;
use crate::administration::audit::asked::Asked;
use crate::administration::audit::of_same_request;
use crate::administration::audit::view::{EventView, PartyView};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

#[derive(Template)]
#[template(path = "dashboard/audit/one.html")]
struct OneTemplate {
    shell: Shell,
    event: String,
    at: ShownTime,
    facts: Vec<Fact>,
    changes: Vec<Changed>,
    /// The names of what changed, if the values are too long to be kept.
    too_long: Option<Shown>,
    neighbours: Vec<Line>,
}

/// Something that is known.
struct Fact {
    name: Shown,
    value: Shown,
    /// A page about it: its address, and the text of the link.
    link: Option<(String, &'static str)>,
}

/// A setting that changed.
struct Changed {
    name: Shown,
    before: Shown,
    after: Shown,
}

/// `GET /dashboard/audit/{id}`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::NotFound)?;
    let stored = service.storage.audit_event(id).await?;
    let stored = stored.ok_or(Failure::NotFound)?;
    let neighbours = of_same_request(&service, &stored).await?;
    let at = ShownTime::at(stored.at.to_seconds());
    let event = EventView::from(stored);
    let page = OneTemplate {
        shell: person.shell(),
        at,
        facts: facts(&event),
        changes: event.changes.as_ref().map(changed).unwrap_or_default(),
        too_long: event.changes.as_ref().and_then(too_long),
        neighbours: Line::all(neighbours),
        event: event.event,
    };
    person.respond(StatusCode::OK, &page)
}

fn facts(event: &EventView) -> Vec<Fact> {
    let same = |asked: Asked| address(&asked);
    let mut facts = vec![
        Fact::new("Number", &event.id.to_string()),
        Fact::new("Time", &event.time),
        party("Actor", &event.actor),
    ];
    facts.extend(event.subject.as_ref().map(|one| party("Subject", one)));
    facts.extend(event.user.as_ref().map(|user| {
        let of_user = Asked {
            user: user.id.clone(),
            ..Asked::default()
        };
        let named = format!("{} ({})", user.email, user.id);
        Fact::new("Concerns", &named).with(same(of_user), "All events of this user")
    }));
    facts.extend(event.application.as_ref().map(|name| {
        let of_application = Asked {
            application: name.clone(),
            ..Asked::default()
        };
        Fact::new("Application", name).with(same(of_application), "All events of this application")
    }));
    for (name, value) in [("Rule", &event.rule), ("Reason", &event.reason)] {
        facts.extend(value.as_ref().map(|value| Fact::new(name, value)));
    }
    facts.extend(event.address.as_ref().map(|from| {
        let from_there = Asked {
            address: from.clone(),
            ..Asked::default()
        };
        Fact::new("Address", from).with(same(from_there), "All events from this address")
    }));
    let browser = event.user_agent.as_ref();
    facts.extend(browser.map(|value| Fact::new("Program, as it says itself", value)));
    facts.extend(event.request_id.as_ref().map(|id| Fact::new("Request", id)));
    if event.count > 1 {
        facts.push(Fact::new("Stands for", &format!("{} events", event.count)));
    }
    if let Some(Value::Object(details)) = &event.details {
        facts.extend(
            details
                .iter()
                .map(|(name, value)| Fact::new(name, &text(value))),
        );
    }
    facts
}

fn party(name: &str, party: &PartyView) -> Fact {
    let parts = [Some(&party.kind), party.name.as_ref(), party.id.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let fact = Fact::new(name, &parts.join(" · "));
    let Some(id) = &party.id else {
        return fact;
    };
    match party.kind.as_str() {
        "user" if !id.contains('@') => fact.with(format!("{PATH}/users/{id}"), "Page of the user"),
        "application" => fact.with(
            format!("{PATH}/applications/{id}"),
            "Page of the application",
        ),
        _ => fact,
    }
}

impl Fact {
    fn new(name: &str, value: &str) -> Self {
        Self {
            name: Shown::new(name),
            value: Shown::new(value),
            link: None,
        }
    }

    fn with(mut self, address: String, text: &'static str) -> Self {
        self.link = Some((address, text));
        self
    }
}

/// Each setting that differs, before and after.
fn changed(changes: &Value) -> Vec<Changed> {
    let (before, after) = (object(changes, "before"), object(changes, "after"));
    let maps = [before, after].into_iter().flatten();
    let names: BTreeSet<&String> = maps.flat_map(Map::keys).collect();
    let value = |of: Option<&Map<String, Value>>, name: &str| {
        let value = of.and_then(|of| of.get(name));
        Shown::new(&value.map_or_else(|| "not set".to_owned(), text))
    };
    let one = |name: &String| Changed {
        name: Shown::new(name),
        before: value(before, name),
        after: value(after, name),
    };
    names.into_iter().map(one).collect()
}

fn object<'a>(value: &'a Value, name: &str) -> Option<&'a Map<String, Value>> {
    value.get(name).and_then(Value::as_object)
}

/// The names of the settings of a change that is too long to be kept.
fn too_long(changes: &Value) -> Option<Shown> {
    let lists = changes.get("too_long")?.as_object()?.values();
    let names = lists.filter_map(Value::as_array).flatten();
    let names: BTreeSet<&str> = names.filter_map(Value::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    Some(Shown::new(&names.join(", ")))
}

/// A text as it is, anything else as JSON.
fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
