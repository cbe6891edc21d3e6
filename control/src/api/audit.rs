//! The audit log: `GET audit`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::administrator::{Administrator, Scope};
use super::authorization::require;
use super::error::ApiError;
use super::list::{ListPage, ListQuery, default_limit};
use crate::administration::audit::asked::{Asked, name};
use crate::administration::audit::export::{Format, export};
use crate::administration::audit::view::EventView;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditQuery, Order, StoredEvent};

/// The longest page.
pub const HIGHEST_LIMIT: u32 = 1_000;

/// Which events to list. An absent or empty filter admits all; [`Asked`] says what each means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    event: String,
    #[serde(default)]
    not_event: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    application: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    reference: String,
    /// `newest_first` or `oldest_first`.
    #[serde(default)]
    order: ListOrder,
    #[serde(default = "default_limit")]
    limit: u32,
    cursor: Option<String>,
    /// `jsonl`: all of them, oldest first, each as a line.
    #[serde(default)]
    format: ListFormat,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ListOrder {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
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

/// A page of events, the newest first unless the query says otherwise.
pub async fn list(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Response, ApiError> {
    require(&administrator, Scope::AuditRead)?;
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
