//! Removal: `DELETE applications/{name}`; on the control socket `POST /applications/remove`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::input::{Input, OptionalBody, optional};
use super::selected::{find, no_such_name};
use crate::administration::applications::remove;
use crate::service::Service;
use crate::storage::{ChangeError, TakeOver};

/// How to remove an application; an empty body means the defaults.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = RemoveApplication)]
#[serde(default, deny_unknown_fields)]
struct RemoveOptions {
    /// Whether wildcards of other applications may get its hostnames.
    leave_to_wildcard: bool,
}

/// An application to remove, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveApplication {
    name: String,
    /// Whether wildcards of other applications may get its hostnames.
    #[serde(default)]
    leave_to_wildcard: bool,
}

/// An application that was removed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RemovedApplication)]
pub struct RemovedApplicationView {
    /// Its name.
    pub name: String,
    /// Its audience, which no application gets again.
    pub audience: String,
    /// Filters that have applied this version of the feed refuse its tokens, and its hostnames unless
    /// a wildcard has them.
    pub version: u64,
    /// The hostnames that wildcards of other applications have from now on: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Removes an application. Its tokens end.
#[utoipa::path(
    delete,
    path = "/applications/{name}",
    operation_id = "remove_application",
    params(
        ("name" = String, Path, description = "The application's audience or name. A name with `/` cannot stand in a path behind Envoy: use the audience."),
    ),
    request_body(content = Option<RemoveOptions>, example = json!({ "leave_to_wildcard": true })),
    responses((status = OK, body = RemovedApplicationView), (status = CONFLICT)),
)]
pub async fn remove(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
    body: OptionalBody,
) -> Result<Json<RemovedApplicationView>, ApiError> {
    let options: RemoveOptions = optional(body)?;
    let take_over = TakeOver::allowed_if(options.leave_to_wildcard);
    let name = find(&service, &name).await?.definition.name;
    let removed = remove_application(&service, &administrator, name, take_over).await?;
    Ok(Json(removed))
}

/// The same for the command line.
pub async fn remove_by_name(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<RemoveApplication>,
) -> Result<Json<RemovedApplicationView>, CommandError> {
    let name = request.name.clone();
    let take_over = TakeOver::allowed_if(request.leave_to_wildcard);
    match remove_application(&service, &administrator, request.name, take_over).await {
        Ok(removed) => Ok(Json(removed)),
        Err(ChangeError::Unknown) => Err(no_such_name(name)),
        Err(error) => Err(error.into()),
    }
}

async fn remove_application(
    service: &Service,
    by: &Administrator,
    name: String,
    take_over: TakeOver,
) -> Result<RemovedApplicationView, ChangeError> {
    let removed = remove::remove(service, by, (&name, None), take_over).await?;
    Ok(RemovedApplicationView {
        name,
        audience: removed.audience,
        version: removed.version,
        notes: removed.taken_over.iter().map(ToString::to_string).collect(),
    })
}
