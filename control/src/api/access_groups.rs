//! Access groups: `GET access-groups`, `GET|PUT|DELETE access-groups/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::error::ApiError;
use super::input::{OptionalBody, optional};
use super::list::{ListPage, ListQuery, QueryResult};
use super::precondition::{Precondition, Tagged, tagged};
use crate::administration::access_groups::{self, CheckError, checked, find, naming};
use crate::administration::etag::Etag;
use crate::applications::Application;
use crate::policy::notes::notes;
use crate::policy::rules::Conditions;
use crate::service::Service;
use crate::storage::{AccessGroupError, ExpectedGroup, StoredAccessGroup};

/// What a group shows of itself, and what follows from something else.
const NOT_SET: [&str; 2] = ["declared", "used_by"];

/// The longest body of a call, in bytes: a group of the largest size, written with some space.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// An access group, as it can be set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AccessGroup)]
pub struct AccessGroupView {
    /// Its name.
    pub name: String,
    /// Whether it comes from the configuration file.
    pub declared: bool,
    /// The applications whose policies name it.
    pub used_by: Vec<String>,
    /// Whom it fits.
    #[serde(flatten)]
    pub conditions: Conditions,
}

/// An access group that was set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangedAccessGroup {
    /// As it is now.
    #[serde(flatten)]
    pub group: AccessGroupView,
    /// Whether it was another one before, or none.
    pub changed: bool,
    /// The version of the feed with which policies follow it; absent if no policy changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What an administrator should know about the policies that name it: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An access group that is gone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RemovedAccessGroup {
    /// Its name.
    pub name: String,
}

/// An access group and those who use it.
struct Seen<'a> {
    stored: StoredAccessGroup,
    applications: &'a [Application],
}

impl From<Seen<'_>> for AccessGroupView {
    fn from(seen: Seen<'_>) -> Self {
        let used_by = naming(&seen.stored.group.name, seen.applications);
        Self {
            used_by: used_by.map(|one| one.definition.name.clone()).collect(),
            name: seen.stored.group.name,
            declared: seen.stored.declared,
            conditions: seen.stored.group.conditions,
        }
    }
}

/// Lists access groups, by name.
#[utoipa::path(
    get,
    path = "/access-groups",
    operation_id = "list_access_groups",
    params(ListQuery),
    responses((status = OK, body = ListPage<AccessGroupView>)),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<AccessGroupView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    let after = query.after::<String>()?.unwrap_or_default();
    // There are few, so all are read. Names are not empty.
    let applications = service.storage.applications().await?;
    let groups = service.storage.access_groups().await?.into_iter();
    let groups = groups.filter(|one| one.group.name > after);
    let groups = groups.take(query.limit_and_one() as usize);
    let groups: Vec<Seen<'_>> = groups
        .map(|stored| Seen {
            stored,
            applications: &applications,
        })
        .collect();
    Ok(Json(
        query.page(groups, |last| last.stored.group.name.clone()),
    ))
}

/// Shows an access group.
#[utoipa::path(
    get,
    path = "/access-groups/{name}",
    operation_id = "show_access_group",
    params(("name" = String, Path, description = "The access group's name.")),
    responses(
        (status = OK, body = AccessGroupView, headers(("etag" = String, description = "What the resource is now, for `if-match`."))),
    ),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Result<Tagged<AccessGroupView>, ApiError> {
    let stored = find(&service, &name).await?.ok_or_else(|| unknown(&name))?;
    let etag = Etag::of_access_group(&stored.group);
    let applications = service.storage.applications().await?;
    let seen = Seen {
        stored,
        applications: &applications,
    };
    Ok(tagged(&etag, seen.into()))
}

/// Adds or replaces an access group. The policies that name it follow at once.
#[utoipa::path(
    put,
    path = "/access-groups/{name}",
    operation_id = "put_access_group",
    params(("name" = String, Path, description = "The access group's name."), Precondition),
    request_body(
        content = Conditions,
        example = json!({ "include": [{ "email_domain": "example.com" }] })
    ),
    responses(
        (status = OK, body = ChangedAccessGroup, headers(("etag" = String, description = "What the resource is now, for `if-match`."))),
        (status = CONFLICT),
    ),
)]
pub async fn set(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: OptionalBody,
) -> Result<Tagged<ChangedAccessGroup>, ApiError> {
    let before = find(&service, &name).await?;
    if before.as_ref().is_some_and(|before| before.declared) {
        return Err(refused(AccessGroupError::Declared, &name));
    }
    let expected = expected(&administrator, (&name, &headers), before.as_ref())?;
    // What was read can be sent as it is.
    let mut fields: Map<String, Value> = optional(body)?;
    for field in NOT_SET {
        fields.remove(field);
    }
    let group = checked(&service, &name, fields, before.as_ref()).await?;
    let change = (&group, before.as_ref().map(|before| &before.group));
    let set = access_groups::set(&service, &administrator, change, expected).await;
    let version = set.map_err(|error| refused(error, &name))?;
    let changed = before.is_none_or(|before| before.group != group);
    let etag = Etag::of_access_group(&group);
    let applications = service.storage.applications().await?;
    let seen = Seen {
        stored: StoredAccessGroup {
            group,
            declared: false,
        },
        applications: &applications,
    };
    let set = ChangedAccessGroup {
        group: seen.into(),
        changed,
        version,
        notes: notes_about(&name, &applications),
    };
    Ok(tagged(&etag, set))
}

/// What the group must be for the change to happen. The command line says on purpose what it sets, and
/// needs no `if-match`.
fn expected<'a>(
    administrator: &Administrator,
    (name, headers): (&str, &HeaderMap),
    before: Option<&'a StoredAccessGroup>,
) -> Result<ExpectedGroup<'a>, ApiError> {
    let given = match administrator {
        Administrator::Socket(_) => Precondition::given(headers)?,
        _ => Some(Precondition::required(headers)?),
    };
    match (given, before) {
        (None, _) => return Ok(ExpectedGroup::Any),
        (Some(Precondition::New), None) => {}
        (Some(Precondition::New), Some(_)) => {
            let text = format!("an access group with the name `{name}` exists already");
            return Err(ApiError::NameTaken(text));
        }
        (Some(_), None) => return Err(unknown(name)),
        (Some(expected), Some(before)) => {
            expected.check(&Etag::of_access_group(&before.group))?;
        }
    }
    Ok(ExpectedGroup::Is(before.map(|before| &before.group)))
}

/// What an administrator should know about the policies that name a group.
fn notes_about(name: &str, applications: &[Application]) -> Vec<String> {
    let notes = naming(name, applications).flat_map(|one| {
        let of_policy = notes(&one.definition.policy).into_iter();
        of_policy.map(|note| format!("{}: {note}", one.definition.name))
    });
    notes.collect()
}

/// Deletes an access group that no policy names.
#[utoipa::path(
    delete,
    path = "/access-groups/{name}",
    operation_id = "delete_access_group",
    params(("name" = String, Path, description = "The access group's name.")),
    responses((status = OK, body = RemovedAccessGroup), (status = CONFLICT)),
)]
pub async fn delete(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
) -> Result<Json<RemovedAccessGroup>, ApiError> {
    let removed = access_groups::delete(&service, &administrator, &name).await;
    removed.map_err(|error| refused(error, &name))?;
    Ok(Json(RemovedAccessGroup { name }))
}

fn unknown(name: &str) -> ApiError {
    ApiError::Unknown(format!(
        "no access group has the name `{name}`; `access-group list` shows all"
    ))
}

impl From<CheckError> for ApiError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Refused(refused) => refused.into(),
            CheckError::Storage(error) => error.into(),
        }
    }
}

fn refused(error: AccessGroupError, name: &str) -> ApiError {
    match error {
        AccessGroupError::Unknown => unknown(name),
        AccessGroupError::Unfit { .. } => ApiError::RequestInvalid(error.to_string()),
        AccessGroupError::Storage(error) => error.into(),
        AccessGroupError::Declared => ApiError::Declared(error.to_string()),
        AccessGroupError::Raced => ApiError::ChangedMeanwhile {
            etag: None,
            last: None,
        },
        AccessGroupError::InUse(_) | AccessGroupError::TooMany => {
            ApiError::Conflict(error.to_string())
        }
    }
}
