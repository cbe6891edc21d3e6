//! Service tokens: `GET service-tokens`, `POST service-tokens`,
//! `POST service-tokens/{id}/rotate|disable|enable`, `DELETE service-tokens/{id}`. For `{id}` a client
//! id or a name does as well.

mod view;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use portcullis::protocol::service_token::id_of;
use portcullis::time::UnixSeconds;

use super::administrator::Administrator;
use super::error::ApiError;
use super::idempotency::{Secret, secret};
use super::input::{OptionalBody, optional};
use super::list::{ListPage, ListQuery, QueryResult};
use crate::administration::service_tokens;
use crate::service::Service;
use crate::storage::{AddServiceTokenError, ServiceToken, ServiceTokenEnd};
use crate::tokens::service_tokens::{MadeServiceToken, MakeServiceTokenError, RotationRequest};
use view::Seen;

pub use view::{
    ChangedServiceToken, NewServiceToken, RotateServiceToken, ServiceTokenSecret, ServiceTokenView,
};

impl From<MakeServiceTokenError> for ApiError {
    fn from(error: MakeServiceTokenError) -> Self {
        match error {
            MakeServiceTokenError::Refused(refused) => Self::Refused(refused),
            MakeServiceTokenError::Add(AddServiceTokenError::Storage(error)) => error.into(),
            MakeServiceTokenError::Add(error @ AddServiceTokenError::NameTaken) => {
                Self::NameTaken(error.to_string())
            }
            MakeServiceTokenError::Randomness(error) => Self::Failed(error.into()),
        }
    }
}

/// Lists service tokens, the oldest first.
#[utoipa::path(
    get,
    path = "/service-tokens",
    operation_id = "list_service_tokens",
    params(ListQuery),
    responses((status = OK, body = ListPage<ServiceTokenView>)),
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<ServiceTokenView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    let position = |seen: &Seen| (seen.token.created_at, seen.token.id.clone());
    let after = query.after::<(UnixSeconds, String)>()?;
    // There are few, so all are read.
    let now = service.now();
    let tokens = service.storage.service_tokens().await?.into_iter();
    let mut tokens: Vec<_> = tokens.map(|token| Seen { token, now }).collect();
    tokens.retain(|token| after.as_ref().is_none_or(|after| position(token) > *after));
    tokens.truncate(query.limit_and_one() as usize);
    Ok(Json(query.page(tokens, position)))
}

/// Makes a service token. Its secret is shown in this response only.
#[utoipa::path(
    post,
    path = "/service-tokens",
    operation_id = "make_service_token",
    request_body(
        content = NewServiceToken,
        example = json!({ "name": "backup", "expires": "90d" })
    ),
    responses((status = OK, body = ServiceTokenSecret)),
)]
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Secret<ServiceTokenSecret>, ApiError> {
    let request: NewServiceToken = optional(body)?;
    let (name, life) = (&request.name, request.expires.as_deref());
    let made = service_tokens::make(&service, &administrator, (name, life)).await?;
    Ok(secret(shown(&service, made, None)))
}

/// Gives a service token a new secret. The present one stays good for a while.
#[utoipa::path(
    post,
    path = "/service-tokens/{id}/rotate",
    operation_id = "rotate_service_token",
    params(("id" = String, Path, description = "The service token's id, client id or name.")),
    request_body(content = Option<RotateServiceToken>, example = json!({ "grace": "7d" })),
    responses((status = OK, body = ServiceTokenSecret)),
)]
pub async fn rotate(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
    body: OptionalBody,
) -> Result<Secret<ServiceTokenSecret>, ApiError> {
    let request: RotateServiceToken = optional(body)?;
    let token = find(&service, &named).await?;
    let request = RotationRequest {
        grace: request.grace.as_deref(),
        expires: request.expires.as_deref(),
    };
    let rotated = service_tokens::rotate(&service, &administrator, &token, &request).await?;
    let (made, version) = rotated.ok_or_else(|| unknown(&named))?;
    Ok(secret(shown(&service, made, version)))
}

/// Disables a service token, and ends its access now.
#[utoipa::path(
    post,
    path = "/service-tokens/{id}/disable",
    operation_id = "disable_service_token",
    params(("id" = String, Path, description = "The service token's id, client id or name.")),
    responses((status = OK, body = ChangedServiceToken)),
)]
pub async fn disable(
    service: State<Arc<Service>>,
    administrator: Administrator,
    named: Path<String>,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    end(service, administrator, named, ServiceTokenEnd::Disabled).await
}

/// Deletes a service token, and ends its access now.
#[utoipa::path(
    delete,
    path = "/service-tokens/{id}",
    operation_id = "delete_service_token",
    params(("id" = String, Path, description = "The service token's id, client id or name.")),
    responses((status = OK, body = ChangedServiceToken)),
)]
pub async fn delete(
    service: State<Arc<Service>>,
    administrator: Administrator,
    named: Path<String>,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    end(service, administrator, named, ServiceTokenEnd::Deleted).await
}

/// Lets a service token be used again.
#[utoipa::path(
    post,
    path = "/service-tokens/{id}/enable",
    operation_id = "enable_service_token",
    params(("id" = String, Path, description = "The service token's id, client id or name.")),
    responses((status = OK, body = ChangedServiceToken)),
)]
pub async fn enable(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    let token = find(&service, &named).await?;
    if !service_tokens::enable(&service, &administrator, &token).await? {
        return Err(unknown(&named));
    }
    Ok(Json(ChangedServiceToken {
        id: token.id,
        name: token.name,
        version: None,
    }))
}

async fn end(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
    end: ServiceTokenEnd,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    let token = find(&service, &named).await?;
    let ended = service_tokens::end(&service, &administrator, (&token, end)).await?;
    let version = ended.ok_or_else(|| unknown(&named))?;
    Ok(Json(ChangedServiceToken {
        id: token.id,
        name: token.name,
        version: Some(version),
    }))
}

/// The service token with an id, a client id or a name, in this order.
async fn find(service: &Service, named: &str) -> Result<ServiceToken, ApiError> {
    let id = id_of(named.as_bytes()).unwrap_or(named);
    let mut tokens = service.storage.service_tokens().await?;
    let of = |is_it: &dyn Fn(&ServiceToken) -> bool| tokens.iter().position(is_it);
    let found = of(&|token| token.id == id).or_else(|| of(&|token| token.name == named));
    found
        .map(|index| tokens.swap_remove(index))
        .ok_or_else(|| unknown(named))
}

fn unknown(named: &str) -> ApiError {
    ApiError::Unknown(format!(
        "no service token has the name or client id `{named}`; `service-token list` shows all"
    ))
}

fn shown(service: &Service, made: MadeServiceToken, version: Option<u64>) -> ServiceTokenSecret {
    let seen = Seen {
        token: made.stored,
        now: service.now(),
    };
    ServiceTokenSecret {
        view: seen.into(),
        client_secret: made.secret.reveal().to_owned(),
        version,
    }
}
