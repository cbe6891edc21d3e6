//! The JSON bodies of requests: of the control socket ([`Input`]), and of the admin API, where an
//! empty body means the defaults ([`optional`]).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::command_error::CommandError;
use super::error::ApiError;
use crate::problems::InputProblems;
use crate::service::Service;

/// The body; anything else is refused as a [`CommandError`].
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Input<T> {
    type Rejection = CommandError;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, CommandError> {
        let refused = |message: String| {
            let mut problems = InputProblems::default();
            problems.add("", "", message);
            problems
                .finish()
                .err()
                .map_or(CommandError::NoSuchCall, CommandError::Refused)
        };
        let bytes = Bytes::from_request(request, service)
            .await
            .map_err(|rejection| refused(rejection.body_text()))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| refused(error.to_string()))
            .map(Self)
    }
}

/// The body of a call of the admin API, as axum extracts it.
pub type OptionalBody = Result<Bytes, BytesRejection>;

/// What the body of a call of the admin API says; the defaults if it is empty.
pub fn optional<T: Default + DeserializeOwned>(body: OptionalBody) -> Result<T, ApiError> {
    match body {
        Ok(body) if body.is_empty() => Ok(T::default()),
        body => required(body),
    }
}

/// What the body of a call of the admin API says.
pub fn required<T: DeserializeOwned>(body: OptionalBody) -> Result<T, ApiError> {
    let body = body.map_err(|error| ApiError::of_body(error.status(), error.body_text()))?;
    serde_json::from_slice(&body).map_err(|error| ApiError::RequestInvalid(error.to_string()))
}
