//! The caller: its filter credential, and the applications that the credential is for.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use crate::service::Service;
use crate::storage::StorageError;
use crate::tokens::{bearer, filter_credentials};

/// A filter with a valid credential.
pub struct FilterIdentity {
    id: String,
    audiences: Option<Vec<String>>,
}

impl FilterIdentity {
    /// The id of the credential.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the credential has not been revoked since the call began.
    pub async fn is_valid(&self, service: &Service) -> Result<bool, StorageError> {
        // Ids are random, so no other credential gets this one.
        let stored = service.storage.filter_credential(&self.id).await?;
        Ok(stored.is_some())
    }

    /// Whether the credential is for an application.
    pub fn sees(&self, audience: &str) -> bool {
        self.audiences
            .as_ref()
            .is_none_or(|audiences| audiences.iter().any(|one| one == audience))
    }

    /// The audiences that the credential is for; `None` means all.
    pub fn audiences(&self) -> Option<&[String]> {
        self.audiences.as_deref()
    }
}

impl FromRequestParts<Arc<Service>> for FilterIdentity {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, ApiError> {
        let text = bearer::token(&parts.headers).ok_or(ApiError::CredentialInvalid)?;
        let stored = filter_credentials::find(service, text)
            .await?
            .ok_or(ApiError::CredentialInvalid)?;
        Ok(Self {
            id: stored.id,
            audiences: stored.audiences,
        })
    }
}

/// A JSON body. Anything else is refused.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, service)
            .await
            .map_err(|_| ApiError::RequestInvalid)?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| ApiError::RequestInvalid)
    }
}
