//! The JSON body of a request to the control socket.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::command_error::CommandError;
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
