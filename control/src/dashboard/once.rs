//! A form acts once. It brings a random value, `once`; with its target and its fields that is its id,
//! which is kept for a day with where its result is shown. A second press of the button, or a reload,
//! leads to the first result.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;

use super::fields::Fields;
use super::refusal;
use crate::service::Service;
use crate::storage::{SentForm, Session, StorageError};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// How long a second press waits for the first.
const PATIENCE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(250);

/// The id of a form that is sent to `target`; `None` if it brings no `once`.
pub fn id(fields: &Fields, target: &str) -> Option<String> {
    if fields.text("once").is_empty() {
        return None;
    }
    let mut hash = hmac_sha256::Hash::new();
    hash.update(target);
    // The token that guards the form is the same for all forms of a browser.
    for (name, value) in fields.iter().filter(|(name, _)| *name != "csrf_token") {
        hash.update(b"\0");
        hash.update(name);
        hash.update(b"\0");
        hash.update(value);
    }
    let digits = hash.finalize().map(|byte| format!("{byte:02x}"));
    Some(digits.concat())
}

/// The answer of the first press, if there was one. Without, the form is claimed.
pub async fn before(
    service: &Service,
    id: &str,
    session: &Session,
) -> Result<Option<Response>, Failure> {
    let mut waited = Duration::ZERO;
    loop {
        let (storage, now) = (&service.storage, service.now());
        match storage.claim_form(id, &session.user_id, now).await? {
            SentForm::New => return Ok(None),
            SentForm::Done(place) if place.is_empty() => {
                return refusal::done_already(service).map(Some);
            }
            SentForm::Done(place) => return redirect(StatusCode::SEE_OTHER, &place).map(Some),
            SentForm::Running if waited >= PATIENCE => {
                return refusal::still_running(service).map(Some);
            }
            SentForm::Running => {
                tokio::time::sleep(STEP).await;
                waited += STEP;
            }
        }
    }
}

/// What came of a form.
pub enum Outcome {
    /// Its result is shown at a place.
    ShownAt(String),
    /// Its result was shown at once.
    Shown,
    /// Nothing was changed: it can be sent again.
    Nothing,
}

impl Outcome {
    /// What a response tells.
    pub fn of(response: &Response) -> Self {
        let place = response.headers().get(header::LOCATION);
        let place = place.and_then(|place| place.to_str().ok());
        match (response.status(), place) {
            (StatusCode::SEE_OTHER, Some(place)) => Self::ShownAt(place.to_owned()),
            (StatusCode::OK, _) => Self::Shown,
            _ => Self::Nothing,
        }
    }

    /// Keeps it.
    pub async fn keep(self, service: &Service, id: &str) -> Result<(), StorageError> {
        let storage = &service.storage;
        match self {
            Self::ShownAt(place) => storage.finish_form(id, &place).await,
            Self::Shown => storage.finish_form(id, "").await,
            Self::Nothing => storage.release_form(id).await,
        }
    }
}
