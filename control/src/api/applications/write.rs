//! Writes: `PUT applications/{name}` makes an application or replaces its settings, `PATCH` changes those
//! that are given.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use portcullis::time::UnixSeconds;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::error::ApiError;
use super::super::input::OptionalBody;
use super::super::precondition::{Precondition, Tagged, tagged};
use super::selected::{NO_SUCH_NAME, find};
use super::sent::Sent;
use super::{StoredApplication, stored_application};
use crate::administration::applications::change::{self, SaveError};
use crate::administration::audit::latest;
use crate::administration::etag::Etag;
use crate::applications::{Application, Draft};
use crate::audit::EventName;
use crate::problems::InputProblems;
use crate::service::Service;
use crate::storage::{AuditFilter, ChangeError, StorageError, TakeOver};

/// The longest body of a call, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// An application as it was written.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrittenApplication {
    #[serde(flatten)]
    stored: StoredApplication,
    /// The version of the feed that publishes it; absent if nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

/// Makes an application, or replaces all settings of one.
///
/// What the body leaves out gets its default, but for the name.
#[utoipa::path(
    put,
    path = "/applications/{name}",
    operation_id = "put_application",
    params(
        ("name" = String, Path, description = "The application's audience or name. A name with `/` cannot stand in a path behind Envoy: use the audience."),
        Precondition,
    ),
    request_body(
        content = Sent,
        example = json!({
            "origins": ["https://wiki.example.com"],
            "policy": [{ "id": "staff", "action": "allow", "include": [{ "email_domain": "example.com" }] }]
        })
    ),
    responses(
        (status = OK, body = WrittenApplication, headers(("etag" = String, description = "What the resource is now, for `if-match`."))),
        (status = CONFLICT),
    ),
)]
pub async fn put(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
    headers: HeaderMap,
    body: OptionalBody,
) -> Result<Tagged<WrittenApplication>, ApiError> {
    let expected = Precondition::required(&headers)?;
    let sent = Sent::read(body)?;
    if expected == Precondition::New {
        return make(&service, &administrator, &named, sent).await;
    }
    let before = find(&service, &named).await?;
    let base = Draft {
        name: Some(before.definition.name.clone()),
        ..Draft::default()
    };
    let edit = (expected, base);
    change(&service, &administrator, before, edit, sent).await
}

/// Changes the settings of an application that the body holds.
#[utoipa::path(
    patch,
    path = "/applications/{name}",
    operation_id = "change_application",
    params(
        ("name" = String, Path, description = "The application's audience or name. A name with `/` cannot stand in a path behind Envoy: use the audience."),
        ("if-match" = String, Header, description = "The `etag` of what was read, or `*`: change it whatever it is now."),
    ),
    request_body(content = Sent, example = json!({ "session_duration": "12h" })),
    responses(
        (status = OK, body = WrittenApplication, headers(("etag" = String, description = "What the resource is now, for `if-match`."))),
        (status = CONFLICT),
    ),
)]
pub async fn patch(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
    headers: HeaderMap,
    body: OptionalBody,
) -> Result<Tagged<WrittenApplication>, ApiError> {
    let expected = Precondition::required(&headers)?;
    let sent = Sent::read(body)?;
    let before = find(&service, &named).await?;
    let base = Draft::from(&before.definition);
    let edit = (expected, base);
    change(&service, &administrator, before, edit, sent).await
}

async fn make(
    service: &Service,
    by: &Administrator,
    named: &str,
    sent: Sent,
) -> Result<Tagged<WrittenApplication>, ApiError> {
    let mut problems = InputProblems::default();
    if let Some(audience) = &sent.audience {
        let message = "a new application gets an audience of its own; leave it out";
        problems.add("audience", audience, message);
    }
    let mut draft = sent.settings;
    let name = draft.name.get_or_insert_with(|| named.to_owned());
    if name != named {
        problems.add("name", name, "is not the name in the path");
    }
    problems.finish()?;
    let (application, version) = change::add(service, by, draft).await?;
    written(service, &application, (None, Some(version))).await
}

/// Changes `before`, if it is as expected, to what was sent over `base`.
async fn change(
    service: &Service,
    by: &Administrator,
    before: Application,
    (expected, base): (Precondition, Draft),
    sent: Sent,
) -> Result<Tagged<WrittenApplication>, ApiError> {
    if expected.check(&Etag::of_application(&before)).is_err() {
        return Err(changed_meanwhile(service, &before.audience).await);
    }
    if before.declared {
        return Err(ChangeError::Declared.into());
    }
    let other = sent.audience.filter(|sent| *sent != before.audience);
    if let Some(audience) = other {
        let mut problems = InputProblems::default();
        problems.add("audience", audience, "an application keeps its audience");
        problems.finish()?;
    }
    let definition = change::checked(service, sent.settings.over(base), Some(&before)).await?;
    let take_over = TakeOver::allowed_if(sent.leave_to_wildcard);
    let version = change::change(service, by, &before, (&definition, take_over)).await;
    let version = match version {
        Err(ChangeError::Raced) => return Err(changed_meanwhile(service, &before.audience).await),
        version => version?,
    };
    let now = Application {
        definition,
        ..before.clone()
    };
    written(service, &now, (Some(before), version)).await
}

async fn changed_meanwhile(service: &Service, audience: &str) -> ApiError {
    let now = match find(service, audience).await {
        Ok(now) => now,
        Err(error) => return error,
    };
    match last_change(service, &now).await {
        Ok(last) => ApiError::ChangedMeanwhile {
            etag: Some(Etag::of_application(&now).quoted()),
            last,
        },
        Err(error) => error.into(),
    }
}

/// Who changed an application or its policy last, and when; `None` if the audit log no longer has it.
async fn last_change(
    service: &Service,
    application: &Application,
) -> Result<Option<(String, UnixSeconds)>, StorageError> {
    let events = [EventName::ApplicationChanged, EventName::PolicyChanged];
    let filter = AuditFilter {
        events: events.into_iter().map(EventName::as_str).collect(),
        application: application.definition.name.clone(),
        ..AuditFilter::default()
    };
    let last = latest(service, &filter, 1).await?.into_iter().next();
    Ok(last.map(|event| {
        let by = match event.actor.name.as_str() {
            "" => event.actor.kind,
            name => name.to_owned(),
        };
        (by, event.at.to_seconds())
    }))
}

async fn written(
    service: &Service,
    application: &Application,
    (before, version): (Option<Application>, Option<u64>),
) -> Result<Tagged<WrittenApplication>, ApiError> {
    let stored = stored_application(service, application, before).await?;
    let etag = Etag::of_application(application);
    Ok(tagged(&etag, WrittenApplication { stored, version }))
}

impl From<SaveError> for ApiError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Refused(refused) => Self::Refused(refused),
            SaveError::Change(error) => error.into(),
            SaveError::Storage(error) => error.into(),
            SaveError::Randomness(error) => Self::Failed(error.into()),
        }
    }
}

impl From<ChangeError> for ApiError {
    fn from(error: ChangeError) -> Self {
        let text = error.to_string();
        match error {
            ChangeError::Unknown => NO_SUCH_NAME,
            ChangeError::Declared => Self::Declared(text),
            ChangeError::NameTaken => Self::NameTaken(text),
            ChangeError::PlaceTaken { holder, .. } => Self::PlaceTaken { text, holder },
            ChangeError::TakenOver(_) | ChangeError::GroupsChanged => Self::Conflict(text),
            ChangeError::Raced => Self::ChangedMeanwhile {
                etag: None,
                last: None,
            },
            ChangeError::Storage(error) => error.into(),
        }
    }
}
