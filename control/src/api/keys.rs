//! Signing keys: `GET /keys`, `POST /keys/rotate`, `POST /keys/{kid}/refuse`, `POST /keys/reseal`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use portcullis::session::signature::Algorithm;
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::error::ApiError;
use super::list::Items;
use crate::administration::keys::{self, Published, RotateError};
use crate::seal::NewKeyError;
use crate::service::Service;
use crate::storage::{RefusedKey, SealingError, StoredKey};
use crate::tokens::keys::resealing::{self, Done, ResealingError};
use crate::tokens::keys::ring::KeysError;
use crate::tokens::keys::rotation;
use crate::tokens::keys::state::{KeyState, PUBLISHED_FOR, WAITS_FOR_PROXIES};
use crate::tokens::signing_key::{ALGORITHM_NAMES, algorithm_of};

/// A key, in a list. Its private part is never shown.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    /// Its id, `kid` in token headers.
    pub kid: String,
    /// `es256`, `rs256` or `eddsa`.
    pub algorithm: String,
    /// `published`, `signing`, `accepted` or `refused`.
    pub state: String,
    /// When it was made.
    #[schema(value_type = u64, format = "unixtime")]
    pub created_at: UnixSeconds,
    /// When its state began.
    #[schema(value_type = u64, format = "unixtime")]
    pub since: UnixSeconds,
    /// Published: when it signs at the latest.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub signs_by: Option<UnixSeconds>,
    /// Signing: when the next key is published; absent without a schedule.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub rotates_at: Option<UnixSeconds>,
    /// Accepted: when its last token has expired.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub until: Option<UnixSeconds>,
    /// Published, refused: the version of the feed with which filters learn of it.
    pub version: Option<u64>,
}

/// A rotation to begin.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = RotateKeys)]
#[serde(deny_unknown_fields)]
pub struct RotateRequest {
    /// The new key's algorithm; the configured one by default.
    #[serde(default)]
    pub algorithm: Option<String>,
}

/// A rotation that began.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RotatedKeys)]
pub struct Rotated {
    /// The new key's id.
    pub kid: String,
    /// Its algorithm.
    pub algorithm: String,
    /// The version of the feed that publishes it.
    pub version: u64,
    /// When it signs at the earliest.
    #[schema(value_type = u64, format = "unixtime")]
    pub signs_from: UnixSeconds,
    /// When it signs at the latest.
    #[schema(value_type = u64, format = "unixtime")]
    pub signs_by: UnixSeconds,
}

/// A key that was refused.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RefusedKey)]
pub struct RefusedView {
    /// Its id.
    pub kid: String,
    /// The version of the feed with which filters refuse its tokens.
    pub version: u64,
    /// The key that signs from now on, if the refused one did.
    pub now_signs: Option<String>,
}

/// Secrets that were sealed again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Resealed {
    /// The id of the key that seals now.
    pub seal_key: String,
    /// Where it comes from.
    pub source: String,
    /// How many secrets another key had sealed.
    pub resealed: u64,
}

/// Lists all signing keys, newest first.
#[utoipa::path(
    get,
    path = "/keys",
    operation_id = "list_keys",
    responses((status = OK, body = Items<KeyView>)),
)]
pub async fn list(State(service): State<Arc<Service>>) -> Result<Json<Items<KeyView>>, ApiError> {
    let keys = service.storage.signing_keys().await?.keys;
    Ok(Json(Items {
        items: keys.iter().map(|key| view(&service, key)).collect(),
    }))
}

/// Publishes a new signing key, which signs when filters know it.
#[utoipa::path(
    post,
    path = "/keys/rotate",
    operation_id = "rotate_keys",
    request_body(content = RotateRequest, example = json!({ "algorithm": "es256" })),
    responses((status = OK, body = Rotated)),
)]
pub async fn rotate(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    body: Result<Json<RotateRequest>, JsonRejection>,
) -> Result<Json<Rotated>, ApiError> {
    let Json(request) =
        body.map_err(|error| ApiError::of_body(error.status(), error.body_text()))?;
    let algorithm = request.algorithm.as_deref().map(algorithm).transpose()?;
    let published_at = service.now();
    let Published {
        kid,
        algorithm,
        version,
    } = keys::rotate(&service, algorithm, &administrator).await?;
    Ok(Json(Rotated {
        kid,
        algorithm: algorithm.to_owned(),
        version,
        signs_from: published_at + PUBLISHED_FOR,
        signs_by: published_at + WAITS_FOR_PROXIES,
    }))
}

/// Refuses a signing key: all that it signed ends at once.
#[utoipa::path(
    post,
    path = "/keys/{kid}/refuse",
    operation_id = "refuse_key",
    params(("kid" = String, Path, description = "The key's id: `kid` in the heads of tokens.")),
    responses((status = OK, body = RefusedView)),
)]
pub async fn refuse(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(kid): Path<String>,
) -> Result<Json<RefusedView>, ApiError> {
    let (version, now_signs) = match keys::refuse(&service, &kid, &administrator).await? {
        RefusedKey::Refused { version, now_signs } => (version, now_signs),
        RefusedKey::Already(version) => (version, None),
        RefusedKey::Unknown(keys) => return Err(ApiError::Unknown(unknown(&kid, &keys))),
    };
    Ok(Json(RefusedView {
        kid,
        version,
        now_signs,
    }))
}

/// Seals all secrets again.
///
/// With a new key where the data directory has it, else with the first one that is configured now.
#[utoipa::path(
    post,
    path = "/keys/reseal",
    operation_id = "reseal_keys",
    responses((status = OK, body = Resealed)),
)]
pub async fn reseal(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
) -> Result<Json<Resealed>, ApiError> {
    let Done { seal_key, resealed } =
        resealing::reseal(&service, administrator.initiator()).await?;
    tracing::info!(seal_key, resealed, by = %administrator, "secrets sealed again");
    Ok(Json(Resealed {
        seal_key,
        source: service.seal.source().to_string(),
        resealed,
    }))
}

impl From<ResealingError> for ApiError {
    fn from(error: ResealingError) -> Self {
        match error {
            ResealingError::Reseal(SealingError::Storage(error)) => error.into(),
            // What to do is with the operator, who configured the source.
            ResealingError::Keys(NewKeyError::Source(error)) => Self::Conflict(error.to_string()),
            error => Self::Failed(error.into()),
        }
    }
}

impl From<RotateError> for ApiError {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Keys(error) => error.into(),
            RotateError::AnotherWaits { .. } | RotateError::TooMany => {
                Self::Conflict(error.to_string())
            }
        }
    }
}

impl From<KeysError> for ApiError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Storage(error) | KeysError::Sealing(SealingError::Storage(error)) => {
                error.into()
            }
            error => Self::Failed(error.into()),
        }
    }
}

fn algorithm(name: &str) -> Result<Algorithm, ApiError> {
    algorithm_of(name)
        .ok_or_else(|| ApiError::RequestInvalid(format!("algorithm = `{name}`: {ALGORITHM_NAMES}")))
}

fn unknown(kid: &str, keys: &[StoredKey]) -> String {
    let known = |key: &StoredKey| format!("{} ({})", key.material.kid, key.state.as_str());
    let known: Vec<String> = keys.iter().map(known).collect();
    format!(
        "no key has the id `{kid}`; the keys are {}",
        known.join(", ")
    )
}

fn view(service: &Service, key: &StoredKey) -> KeyView {
    let mut view = KeyView {
        kid: key.material.kid.clone(),
        algorithm: key.material.algorithm.to_ascii_lowercase(),
        state: key.state.as_str().to_owned(),
        created_at: key.created_at,
        since: key.state.since(),
        signs_by: None,
        rotates_at: None,
        until: None,
        version: None,
    };
    match key.state {
        KeyState::Published { since, version } => {
            view.signs_by = Some(since + WAITS_FOR_PROXIES);
            view.version = Some(version);
        }
        KeyState::Signing { since } => view.rotates_at = rotation::rotates_at(service, since),
        KeyState::Accepted { until, .. } => view.until = Some(until),
        KeyState::Refused { version, .. } => view.version = Some(version),
    }
    view
}
