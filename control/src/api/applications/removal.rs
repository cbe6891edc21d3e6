//! Removal: `DELETE applications/{name}`; on the control socket `POST /applications/remove`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use super::super::administrator::{Administrator, Scope};
use super::super::authorization::require;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::input::Input;
use super::selected::{ApplicationName, NO_SUCH_NAME, no_such_name};
use crate::service::Service;
use crate::storage::ChangeError;

/// An application that was removed.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemovedApplicationView {
    /// Its name.
    pub name: String,
    /// Its audience, which no application gets again.
    pub audience: String,
    /// Filters that have applied this version of the feed refuse its tokens and its hostnames.
    pub version: u64,
}

/// Removes an application. Its tokens end.
pub async fn remove(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
) -> Result<Json<RemovedApplicationView>, ApiError> {
    require(&administrator, Scope::ApplicationsWrite)?;
    match remove_application(&service, &administrator, name).await {
        Ok(removed) => Ok(Json(removed)),
        Err(ChangeError::Unknown) => Err(NO_SUCH_NAME),
        Err(ChangeError::Storage(error)) => Err(error.into()),
        Err(error) => Err(ApiError::Conflict(error.to_string())),
    }
}

/// The same for the command line.
pub async fn remove_by_name(
    State(service): State<Arc<Service>>,
    Input(request): Input<ApplicationName>,
) -> Result<Json<RemovedApplicationView>, CommandError> {
    let name = request.name.clone();
    match remove_application(&service, &Administrator::Socket, request.name).await {
        Ok(removed) => Ok(Json(removed)),
        Err(ChangeError::Unknown) => Err(no_such_name(name)),
        Err(error) => Err(error.into()),
    }
}

async fn remove_application(
    service: &Service,
    by: &Administrator,
    name: String,
) -> Result<RemovedApplicationView, ChangeError> {
    let until = service.tokens_end();
    let removed = service.storage.remove_application(&name, until).await?;
    service.notifier.committed(removed.version);
    tracing::info!(
        application = name,
        audience = removed.audience,
        version = removed.version,
        %by,
        "application removed"
    );
    Ok(RemovedApplicationView {
        name,
        audience: removed.audience,
        version: removed.version,
    })
}
