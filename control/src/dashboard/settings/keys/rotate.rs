//! `GET /dashboard/settings/keys/rotate` asks, the POST publishes a new key.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::LIST;
use crate::administration::keys::{self, RotateError};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// `GET /dashboard/settings/keys/rotate`.
pub async fn ask(fresh: Fresh) -> Result<Response, Failure> {
    question("").ask(fresh.person())
}

/// `POST /dashboard/settings/keys/rotate`.
pub async fn rotate(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    match keys::rotate(&service, None, &person.acting(&fields)).await {
        Ok(_) => redirect(
            StatusCode::SEE_OTHER,
            "/dashboard/settings/keys?done=rotated",
        ),
        Err(error @ (RotateError::AnotherWaits { .. } | RotateError::TooMany)) => {
            question(&format!("Nothing was changed: {error}."))
                .ask_again(person, StatusCode::CONFLICT)
        }
        Err(RotateError::Keys(error)) => Err(error.into()),
    }
}

fn question(warning: &str) -> Question<'_> {
    Question {
        act: "Rotate",
        to: "the signing key",
        from: LIST,
        warning,
        facts: vec![
            (
                "Now",
                "a new key is published; it signs when all proxies know it, after one to ten minutes"
                    .to_owned(),
            ),
            (
                "Sessions",
                "all go on: the present key's tokens are accepted until the last one ends".to_owned(),
            ),
            (
                "Not for",
                "a key that somebody stole: refuse that one".to_owned(),
            ),
        ],
        button: "Rotate",
        ends: false,
        is_typed: false,
        to_agree: None,
    }
}
