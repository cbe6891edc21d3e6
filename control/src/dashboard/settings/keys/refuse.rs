//! `GET /dashboard/settings/keys/{kid}/refuse` asks, the POST refuses all that the key signed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::super::super::revocations;
use super::LIST;
use crate::administration::keys;
use crate::service::Service;
use crate::storage::RefusedKey;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;
use crate::tokens::keys::state::KeyState;

/// `GET /dashboard/settings/keys/{kid}/refuse`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(kid): Path<String>,
) -> Result<Response, Failure> {
    let signs = signs(&service, &kid).await?;
    question(&kid, signs).ask(fresh.person())
}

/// `POST /dashboard/settings/keys/{kid}/refuse`.
pub async fn refuse(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(kid): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let signs = signs(&service, &kid).await?;
    if let Some(asked) = question(&kid, signs).check(person, fields.text("typed")) {
        return asked;
    }
    match keys::refuse(&service, &kid, &person.acting(&fields)).await? {
        RefusedKey::Refused { version, .. } => revocations::made(version),
        RefusedKey::Already(_) => redirect(
            StatusCode::SEE_OTHER,
            "/dashboard/settings/keys?done=refused_before",
        ),
        RefusedKey::Unknown(_) => Err(Failure::NotFound),
    }
}

/// Whether the key signs now.
async fn signs(service: &Service, kid: &str) -> Result<bool, Failure> {
    let keys = service.storage.signing_keys().await?.keys;
    let key = keys.iter().find(|key| key.material.kid == kid);
    let key = key.ok_or(Failure::NotFound)?;
    Ok(matches!(key.state, KeyState::Signing { .. }))
}

fn question(kid: &str, signs: bool) -> Question<'_> {
    Question {
        act: "Refuse the key",
        to: kid,
        from: LIST,
        warning: if signs {
            "This key signs: everybody who is in now is out until they come back through the team domain."
        } else {
            ""
        },
        facts: vec![
            (
                "Ends now",
                "every token that this key signed: application sessions, sign-ins, tokens of scripts"
                    .to_owned(),
            ),
            (
                "Can come back",
                if signs {
                    "everybody, by signing in again; a new key signs from now on"
                } else {
                    "everybody, by signing in again"
                }
                .to_owned(),
            ),
            ("Undone", "never: the key stays refused".to_owned()),
        ],
        button: "Refuse the key",
        ends: true,
        is_typed: true,
        to_agree: None,
    }
}
