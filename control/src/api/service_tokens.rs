//! Service tokens: `GET service-tokens`, `POST service-tokens`,
//! `POST service-tokens/{id}/rotate|disable|enable`, `DELETE service-tokens/{id}`. For `{id}` a client
//! id or a name does as well.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use portcullis::protocol::service_token::{client_id, id_of};
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::administrator::{Administrator, Scope};
use super::authorization::require;
use super::error::ApiError;
use super::idempotency::{Secret, secret};
use super::input::{OptionalBody, optional};
use super::list::{ListPage, ListQuery, QueryResult};
use crate::administration::service_tokens;
use crate::service::Service;
use crate::storage::{AddServiceTokenError, ServiceToken, ServiceTokenEnd};
use crate::tokens::service_tokens::{MadeServiceToken, MakeServiceTokenError, RotationRequest};

/// A service token to make.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewServiceToken {
    /// Its name.
    pub name: String,
    /// How long it lasts, as `90d`; a year if absent.
    pub expires: Option<String>,
}

/// A secret to replace.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RotateServiceToken {
    /// How long the present secret is still good, as `7d`; a day if absent.
    pub grace: Option<String>,
    /// How long the service token then lasts; as before if absent.
    pub expires: Option<String>,
}

/// A service token, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServiceTokenView {
    /// Its id, in logs too. `sub` of its application tokens is `service:` and this.
    pub id: String,
    /// What a program sends with its secret.
    pub client_id: String,
    /// Its name, in policies too.
    pub name: String,
    /// `active`, `disabled` or `expired`.
    pub state: String,
    /// When it was made.
    pub created_at: UnixSeconds,
    /// When it expires.
    pub expires_at: UnixSeconds,
    /// When its secret was last replaced.
    pub rotated_at: Option<UnixSeconds>,
    /// Until when the secret before that is good.
    pub old_secret_until: Option<UnixSeconds>,
    /// When it was last used, to the hour.
    pub last_seen_at: Option<UnixSeconds>,
}

/// A service token with a new secret.
#[derive(Serialize, Deserialize)]
pub struct ServiceTokenSecret {
    /// What lists show of it.
    #[serde(flatten)]
    pub view: ServiceTokenView,
    /// The secret, shown only here.
    pub client_secret: String,
    /// Application tokens below this version of the feed are refused; absent if all stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A service token that was disabled, enabled or deleted.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedServiceToken {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Application tokens below this version of the feed are refused; absent if it was enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A service token as of a moment.
struct Seen {
    token: ServiceToken,
    now: UnixSeconds,
}

impl From<Seen> for ServiceTokenView {
    fn from(Seen { token, now }: Seen) -> Self {
        let state = match token.disabled {
            true => "disabled",
            false if token.expires_at <= now => "expired",
            false => "active",
        };
        let old_secret = token.old_secret.filter(|old| old.until > now);
        Self {
            client_id: client_id(&token.id),
            id: token.id,
            name: token.name,
            state: state.to_owned(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            rotated_at: token.rotated_at,
            old_secret_until: old_secret.map(|old| old.until),
            last_seen_at: token.last_seen_at,
        }
    }
}

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

/// A page of service tokens, the oldest first.
pub async fn list(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    query: QueryResult,
) -> Result<Json<ListPage<ServiceTokenView>>, ApiError> {
    require(&administrator, Scope::CredentialsRead)?;
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
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: OptionalBody,
) -> Result<Secret<ServiceTokenSecret>, ApiError> {
    require(&administrator, Scope::CredentialsWrite)?;
    let request: NewServiceToken = optional(body)?;
    let (name, life) = (&request.name, request.expires.as_deref());
    let made = service_tokens::make(&service, &administrator, (name, life)).await?;
    Ok(secret(shown(&service, made, None)))
}

/// Gives a service token a new secret. The present one stays good for a while.
pub async fn rotate(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
    body: OptionalBody,
) -> Result<Secret<ServiceTokenSecret>, ApiError> {
    require(&administrator, Scope::CredentialsWrite)?;
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
pub async fn disable(
    service: State<Arc<Service>>,
    administrator: Administrator,
    named: Path<String>,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    end(service, administrator, named, ServiceTokenEnd::Disabled).await
}

/// Deletes a service token, and ends its access now.
pub async fn delete(
    service: State<Arc<Service>>,
    administrator: Administrator,
    named: Path<String>,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    end(service, administrator, named, ServiceTokenEnd::Deleted).await
}

/// Lets a service token be used again.
pub async fn enable(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(named): Path<String>,
) -> Result<Json<ChangedServiceToken>, ApiError> {
    require(&administrator, Scope::CredentialsWrite)?;
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
    require(&administrator, Scope::CredentialsRevoke)?;
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
