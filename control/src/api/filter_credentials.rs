//! Filter credentials: `GET|POST filter-credentials`, `DELETE filter-credentials/{id}`; on the control
//! socket also `GET /filter-credentials`, `POST /filter-credentials`,
//! `POST /filter-credentials/revoke`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::error::ApiError;
use super::idempotency::{Secret, secret};
use super::input::{Input, OptionalBody, optional};
use super::list::{Items, ListPage, ListQuery, QueryResult};
use crate::administration::filter_credentials::{self as administration, KnownCredential};
use crate::problems::InputProblems;
use crate::service::Service;
use crate::storage::StorageError;
use crate::tokens::credential::check_name;
use crate::tokens::filter_credentials::{self, CredentialRequest};

/// A filter credential to make.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = NewFilterCredential)]
#[serde(deny_unknown_fields)]
pub struct AddFilterCredential {
    /// What an administrator calls it; may be empty.
    #[serde(default)]
    name: String,
    /// The names of its applications; all applications if there is none.
    #[serde(default)]
    applications: Vec<String>,
}

/// A credential that was made.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct AddedFilterCredential {
    /// Its id, in logs too.
    pub id: String,
    /// The credential, shown only here.
    pub credential: String,
}

/// A credential, in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = FilterCredential)]
pub struct FilterCredentialView {
    /// Its id, in logs too.
    pub id: String,
    /// What an administrator calls it; may be empty.
    pub name: String,
    /// The names of its applications, or their audiences where they were removed; null for all
    /// applications.
    pub applications: Option<Vec<String>>,
    /// When it was made.
    #[schema(value_type = u64, format = "unixtime")]
    pub created_at: UnixSeconds,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub last_used_at: Option<UnixSeconds>,
    /// How many proxies follow the feed with it now.
    pub live_proxies: u64,
}

/// A credential to revoke.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterCredentialId {
    id: String,
}

/// A credential that was revoked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RevokedFilterCredential {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The version of the feed that the revocation took.
    pub version: u64,
    /// How many proxies followed the feed with it. They get no more changes.
    pub live_proxies: u64,
    /// How many credentials are left.
    pub credentials_left: u64,
}

impl From<KnownCredential> for FilterCredentialView {
    fn from(known: KnownCredential) -> Self {
        let credential = known.credential;
        Self {
            id: credential.id,
            name: credential.name,
            applications: known.applications,
            created_at: credential.created_at,
            last_used_at: credential.last_used_at,
            live_proxies: known.live_proxies,
        }
    }
}

/// Makes a credential, shown in this response only.
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<AddFilterCredential>,
) -> Result<Json<AddedFilterCredential>, CommandError> {
    Ok(Json(added(&service, &administrator, request).await?))
}

/// Makes a filter credential, which is shown in this response only.
#[utoipa::path(
    post,
    path = "/filter-credentials",
    operation_id = "make_filter_credential",
    request_body(
        content = Option<AddFilterCredential>,
        example = json!({ "name": "edge", "applications": ["wiki"] })
    ),
    responses((status = OK, body = AddedFilterCredential)),
)]
pub async fn make(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Secret<AddedFilterCredential>, ApiError> {
    let request: AddFilterCredential = optional(body)?;
    Ok(secret(added(&service, &administrator, request).await?))
}

async fn added(
    service: &Service,
    by: &Administrator,
    request: AddFilterCredential,
) -> Result<AddedFilterCredential, CommandError> {
    let mut problems = InputProblems::default();
    check_name(&request.name, &mut problems);
    let mut audiences = Vec::new();
    for (index, name) in request.applications.iter().enumerate() {
        match service.storage.application_named(name).await? {
            Some(application) => audiences.push(application.audience),
            None => problems.add(
                &format!("applications[{index}]"),
                name,
                "no application has this name; `application list` shows all applications",
            ),
        }
    }
    problems.finish()?;
    let request = CredentialRequest {
        name: &request.name,
        audiences: (!audiences.is_empty()).then_some(audiences),
    };
    let made = filter_credentials::make(service, request, by.initiator()).await?;
    Ok(AddedFilterCredential {
        id: made.id,
        credential: made.credential.reveal().to_owned(),
    })
}

/// All credentials, the oldest first.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<FilterCredentialView>>, CommandError> {
    let listed = administration::all(&service).await?;
    Ok(Json(Items {
        items: listed.into_iter().map(FilterCredentialView::from).collect(),
    }))
}

/// Lists filter credentials, the oldest first.
#[utoipa::path(
    get,
    path = "/filter-credentials",
    operation_id = "list_filter_credentials",
    params(ListQuery),
    responses((status = OK, body = ListPage<FilterCredentialView>)),
)]
pub async fn list_page(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<FilterCredentialView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    let position = |one: &KnownCredential| (one.credential.created_at, one.credential.id.clone());
    let after = query.after::<(UnixSeconds, String)>()?;
    // There are few, so all are read.
    let mut listed = administration::all(&service).await?;
    listed.retain(|one| after.as_ref().is_none_or(|after| position(one) > *after));
    listed.truncate(query.limit_and_one() as usize);
    Ok(Json(query.page(listed, position)))
}

/// Revokes a filter credential: its long polls end, and its later calls are refused.
#[utoipa::path(
    delete,
    path = "/filter-credentials/{id}",
    operation_id = "revoke_filter_credential",
    params(("id" = String, Path, description = "The credential's id: what stands before the dot.")),
    responses((status = OK, body = RevokedFilterCredential)),
)]
pub async fn revoke(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<RevokedFilterCredential>, ApiError> {
    let revoked = revoke_credential(&service, &administrator, &id).await?;
    let revoked = revoked.ok_or(ApiError::NotFound("no filter credential has this id"))?;
    Ok(Json(revoked))
}

/// The same for the command line.
pub async fn revoke_by_id(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<FilterCredentialId>,
) -> Result<Json<RevokedFilterCredential>, CommandError> {
    let revoked = revoke_credential(&service, &administrator, &request.id).await?;
    let revoked = revoked.ok_or(CommandError::Unknown {
        path: "id",
        value: request.id,
        message: "no filter credential has this id; `filter-credential list` shows all",
    })?;
    Ok(Json(revoked))
}

/// `None` if there is no such credential.
async fn revoke_credential(
    service: &Service,
    by: &Administrator,
    id: &str,
) -> Result<Option<RevokedFilterCredential>, StorageError> {
    let revoked = administration::revoke(service, by, id).await?;
    Ok(revoked.map(|revoked| RevokedFilterCredential {
        id: id.to_owned(),
        name: revoked.name,
        version: revoked.version,
        live_proxies: revoked.live_proxies,
        credentials_left: revoked.left,
    }))
}
