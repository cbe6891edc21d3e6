//! The audit log: `GET audit`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::list::{ListPage, ListQuery, default_limit};
use crate::administration::audit::asked::{Asked, name};
use crate::administration::audit::export::{Format, export};
use crate::administration::audit::view::EventView;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditQuery, Order, StoredEvent};

/// The longest page.
pub const HIGHEST_LIMIT: u32 = 1_000;

/// Which events to list. An absent or empty filter admits all.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// Those from this time on: RFC 3339, a date, or seconds since 1970.
    #[serde(default)]
    since: String,
    /// Those before this time: RFC 3339, a date, or seconds since 1970.
    #[serde(default)]
    until: String,
    /// Those with a name, such as `user.added`, or of a group, such as `user`; several with commas.
    #[serde(default)]
    event: String,
    /// Names and groups that are left out, likewise.
    #[serde(default)]
    not_event: String,
    /// Those that concern a user, by e-mail address or id.
    #[serde(default)]
    user: String,
    /// Those that concern an application, by name.
    #[serde(default)]
    application: String,
    /// Those that somebody did: a kind of actor, an id or a name.
    #[serde(default)]
    actor: String,
    /// Sign-ins that were `admitted` or `refused`.
    #[serde(default)]
    outcome: String,
    /// Those from a client's address, or from a network such as `192.0.2.0/24`.
    #[serde(default)]
    address: String,
    /// Those of a request whose id begins with this.
    #[serde(default)]
    reference: String,
    /// Which come first. Only for JSON.
    #[serde(default)]
    #[param(inline)]
    order: ListOrder,
    /// How many events a page has.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 50)]
    limit: u32,
    /// The `next` of the page before; absent for the first page.
    cursor: Option<String>,
    /// The form of the answer. `jsonl`: all events at once, oldest first, each as a line of JSON.
    #[serde(default)]
    #[param(inline)]
    format: ListFormat,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ListOrder {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ListFormat {
    #[default]
    Json,
    Jsonl,
}

impl Filters {
    fn filter(&self) -> Result<AuditFilter, ApiError> {
        let asked = Asked {
            since: self.since.clone(),
            until: self.until.clone(),
            event: self.event.clone(),
            not_event: self.not_event.clone(),
            user: self.user.clone(),
            application: self.application.clone(),
            actor: self.actor.clone(),
            outcome: self.outcome.clone(),
            address: self.address.clone(),
            reference: self.reference.clone(),
        };
        let texts = asked.fields();
        let told = |field| {
            let text = texts.iter().find(|(one, _)| *one == field);
            text.map_or("", |(_, text)| text)
        };
        asked.filter().map_err(|wrong| {
            let wrong = wrong.into_iter().map(|one| {
                let (name, text) = (name(one.field), told(one.field));
                format!("{name} = `{text}`: {}", one.message)
            });
            ApiError::RequestInvalid(wrong.collect::<Vec<_>>().join("; "))
        })
    }
}

/// Lists events of the audit log.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "list_events",
    params(Filters),
    responses(
        (status = OK, content(
            (ListPage<EventView> = "application/json"),
            (String = "application/x-ndjson"),
        )),
    ),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(filters) = filters.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
    let filter = filters.filter()?;
    if let ListFormat::Jsonl = filters.format {
        return Ok(export(&service, filter, Format::JsonLines).await?);
    }
    let page = ListQuery::within(filters.limit, filters.cursor, HIGHEST_LIMIT)?;
    let events = service.storage.audit_events(AuditQuery {
        filter: &filter,
        order: match filters.order {
            ListOrder::NewestFirst => Order::NewestFirst,
            ListOrder::OldestFirst => Order::OldestFirst,
        },
        after: page.after::<u64>()?,
        before: None,
        by: None,
        limit: page.limit_and_one(),
    });
    let page: ListPage<EventView> = page.page(events.await?, |last: &StoredEvent| last.id);
    Ok(Json(page).into_response())
}
