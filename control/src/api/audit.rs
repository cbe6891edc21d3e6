//! The audit log: `GET audit`.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use portcullis::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::administrator::{Administrator, Scope};
use super::authorization::require;
use super::error::ApiError;
use super::list::{ListPage, ListQuery, default_limit};
use crate::audit::EventName;
use crate::service::Service;
use crate::sign_in::email::normal_or_text;
use crate::storage::{AuditQuery, Order, Party, StoredEvent};

/// The longest page.
pub const HIGHEST_LIMIT: u32 = 1_000;
/// No time is later in the database.
const FOREVER: UnixMillis = UnixMillis::new(i64::MAX as u64);

/// Which events to list. An absent filter admits all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// RFC 3339, or seconds since 1970: not before.
    since: Option<String>,
    /// The same: before.
    until: Option<String>,
    /// A name such as `user.added`, or the group `user`.
    #[serde(default)]
    event: String,
    /// The user whom they concern, by id or e-mail address.
    #[serde(default)]
    user: String,
    /// An application, by name.
    #[serde(default)]
    application: String,
    /// Who acted: a kind such as `cli`, an id, or a name.
    #[serde(default)]
    actor: String,
    /// `newest_first` or `oldest_first`.
    #[serde(default)]
    order: ListOrder,
    #[serde(default = "default_limit")]
    limit: u32,
    cursor: Option<String>,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ListOrder {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Who acted, or what an event is about.
#[derive(Debug, Serialize, Deserialize)]
pub struct PartyView {
    /// Such as `user`, `admin_token`, `cli`, `application`.
    pub kind: String,
    /// Its id.
    pub id: Option<String>,
    /// Its name, or e-mail address.
    pub name: Option<String>,
}

/// A user.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConcernedUser {
    /// `sub`.
    pub id: String,
    /// What the e-mail address is compared by.
    pub email: String,
}

/// An event.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventView {
    /// Its id. Ids follow the order of commits and have no gaps.
    pub id: u64,
    /// When it was stored (RFC 3339), by the database's clock.
    pub time: String,
    /// Its name.
    pub event: String,
    /// Who acted.
    pub actor: PartyView,
    /// What it is about.
    pub subject: Option<PartyView>,
    /// The user whom it concerns.
    pub user: Option<ConcernedUser>,
    /// The application that it concerns.
    pub application: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// The client's `user-agent`, as it says.
    pub user_agent: Option<String>,
    /// The rule of a policy that decided.
    pub rule: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The request's `x-request-id`.
    pub request_id: Option<String>,
    /// What was configured before and after.
    pub changes: Option<Value>,
    /// What else there is to know.
    pub details: Option<Value>,
    /// How many events it stands for.
    pub count: u64,
}

impl From<Party> for PartyView {
    fn from(party: Party) -> Self {
        Self {
            kind: party.kind,
            id: given(party.id),
            name: given(party.name),
        }
    }
}

impl From<StoredEvent> for EventView {
    fn from(event: StoredEvent) -> Self {
        let user = ConcernedUser {
            id: event.user_id,
            email: event.user_email,
        };
        Self {
            id: event.id,
            time: time(event.at),
            event: event.event,
            actor: event.actor.into(),
            subject: (!event.subject.kind.is_empty()).then(|| event.subject.into()),
            user: (!user.id.is_empty()).then_some(user),
            application: given(event.application),
            address: given(event.address),
            user_agent: given(event.user_agent),
            rule: given(event.rule),
            reason: given(event.reason),
            request_id: given(event.request_id),
            changes: event.changes,
            details: event.details,
            count: event.count,
        }
    }
}

/// A page of events, the newest first unless the query says otherwise.
pub async fn list(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    filters: Result<Query<Filters>, QueryRejection>,
) -> Result<Json<ListPage<EventView>>, ApiError> {
    require(&administrator, Scope::AuditRead)?;
    let Query(filters) = filters.map_err(|error| ApiError::RequestInvalid(error.body_text()))?;
    let since = moment("since", filters.since.as_deref(), UnixMillis::EPOCH)?;
    let until = moment("until", filters.until.as_deref(), FOREVER)?;
    let event = known_event(&filters.event)?;
    let user = match filters.user.contains('@') {
        true => normal_or_text(&filters.user),
        false => filters.user,
    };
    let page = ListQuery::within(filters.limit, filters.cursor, HIGHEST_LIMIT)?;
    let events = service.storage.audit_events(AuditQuery {
        since,
        until,
        event,
        user: &user,
        application: &filters.application,
        actor: &filters.actor,
        order: match filters.order {
            ListOrder::NewestFirst => Order::NewestFirst,
            ListOrder::OldestFirst => Order::OldestFirst,
        },
        after: page.after::<u64>()?,
        limit: page.limit_and_one(),
    });
    Ok(Json(page.page(events.await?, |last: &StoredEvent| last.id)))
}

/// A name, or the part of several names before the dot. A misspelt one must not look like an empty log.
fn known_event(text: &str) -> Result<&str, ApiError> {
    let group = text.strip_suffix(".*").unwrap_or(text);
    let is_known =
        |name: &str| name == text || name.split_once('.').is_some_and(|(of, _)| of == group);
    let names = EventName::ALL.map(EventName::as_str);
    if text.is_empty() || names.into_iter().any(is_known) {
        return Ok(group);
    }
    let message = format!(
        "event = `{text}`: there is no such event; the events are {}",
        names.join(", ")
    );
    Err(ApiError::RequestInvalid(message))
}

fn moment(name: &str, text: Option<&str>, default: UnixMillis) -> Result<UnixMillis, ApiError> {
    let Some(text) = text else {
        return Ok(default);
    };
    parse_moment(text).ok_or_else(|| {
        let message = format!(
            "{name} = `{text}`: must be a time such as 2026-11-27T08:00:00Z, a date, or seconds \
             since 1970"
        );
        ApiError::RequestInvalid(message)
    })
}

/// RFC 3339, a date (its first moment in UTC), or seconds since 1970.
#[must_use]
pub fn parse_moment(text: &str) -> Option<UnixMillis> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(UnixMillis::new(seconds.saturating_mul(1_000)));
    }
    let time = humantime::parse_rfc3339(text)
        .or_else(|_| humantime::parse_rfc3339(&format!("{text}T00:00:00Z")))
        .ok()?;
    let since_1970 = time.duration_since(UNIX_EPOCH).ok()?;
    let millis = u64::try_from(since_1970.as_millis()).ok()?;
    Some(UnixMillis::new(millis))
}

/// To the millisecond (RFC 3339).
fn time(at: UnixMillis) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(at.get());
    humantime::format_rfc3339_millis(time).to_string()
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let seconds = |text| parse_moment(text).map(|at| at.get() / 1_000);
        assert_eq!(seconds("1700000000"), Some(1_700_000_000));
        assert_eq!(seconds("2023-11-14T22:13:20Z"), Some(1_700_000_000));
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("yesterday"), None);
        assert_eq!(seconds("-5"), None);
    }

    #[test]
    fn events_are_known_by_name_and_by_group() {
        assert_eq!(known_event("user.added").unwrap(), "user.added");
        assert_eq!(known_event("user").unwrap(), "user");
        assert_eq!(known_event("sign_in.*").unwrap(), "sign_in");
        assert_eq!(known_event("").unwrap(), "");
        let error = known_event("user.adde").unwrap_err().to_string();
        assert!(error.contains("user.added"), "{error}");
    }
}
