//! A request's JSON body; anything else is refused in the form that the CLI reads.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::SocketError;
use crate::problems::Problems;
use crate::service::Service;

/// The body.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Input<T> {
    type Rejection = SocketError;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, SocketError> {
        let refused = |message: String| {
            let mut problems = Problems::default();
            problems.add("", "", message);
            problems
                .finish()
                .err()
                .map_or(SocketError::NoSuchCall, SocketError::Refused)
        };
        let bytes = Bytes::from_request(request, service)
            .await
            .map_err(|rejection| refused(rejection.body_text()))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| refused(error.to_string()))
            .map(Self)
    }
}
