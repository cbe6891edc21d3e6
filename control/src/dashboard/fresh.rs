//! People who have proved a short while ago who they are.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::allowed::Allowed;
use super::fields::Fields;
use super::refusal;
use crate::service::Service;
use crate::sessions::recent::{TO_CONFIRM, TO_OPEN, is_recent};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::sign_in_again;

/// An [`Allowed`] whose sign-in is less than 15 minutes old, or 20 for a form: what handlers take that
/// revoke, end, disable, delete, or concern keys, secrets, roles, providers or durations.
///
/// A GET leads to the sign-in and comes back. A form is kept on a page from which it can be sent again.
#[derive(Clone)]
pub struct Fresh(Allowed);

impl Fresh {
    /// The person.
    #[must_use]
    pub fn person(&self) -> &Allowed {
        &self.0
    }
}

impl FromRequestParts<Arc<Service>> for Fresh {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Response> {
        let respond = |refused: Result<Response, Failure>| {
            refused.unwrap_or_else(IntoResponse::into_response)
        };
        let allowed = Allowed::from_request_parts(parts, service).await;
        let allowed = allowed.map_err(IntoResponse::into_response)?;
        let is_form = parts.method == Method::POST;
        let limit = if is_form { TO_CONFIRM } else { TO_OPEN };
        if is_recent(allowed.session(), service.now(), limit) {
            return Ok(Self(allowed));
        }
        let Ok(fields) = Fields::from_request_parts(parts, service).await;
        Err(respond(if is_form {
            refusal::sign_in_too_old(service, &allowed, &fields)
        } else {
            sign_in_again(StatusCode::FOUND, allowed.here())
        }))
    }
}
