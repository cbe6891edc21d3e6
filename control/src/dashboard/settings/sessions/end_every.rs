//! `GET /dashboard/settings/sessions/end-every` asks, the POST ends every session but one's own.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::super::super::revocations;
use super::PAGE;
use crate::administration::sessions::{self, End};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// `GET /dashboard/settings/sessions/end-every`.
pub async fn ask(fresh: Fresh) -> Result<Response, Failure> {
    question().ask(fresh.person())
}

/// `POST /dashboard/settings/sessions/end-every`.
pub async fn end(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    if let Some(asked) = question().check(person, fields.text("typed")) {
        return asked;
    }
    let but = End::AllBut(&person.session().id);
    let ended = sessions::end_every(&service, &person.acting(&fields), but).await?;
    revocations::made(ended.version)
}

fn question() -> Question<'static> {
    Question {
        act: "End",
        to: "every session",
        from: PAGE,
        warning: "Everybody is signed out at once, at every application.",
        facts: vec![
            (
                "Ends now",
                "every session at every application, and every sign-in but the one of this browser".to_owned(),
            ),
            (
                "Connections",
                "WebSockets and streams are cut".to_owned(),
            ),
            (
                "Can come back",
                "everybody at once, by signing in again; you, too, when you next open an application".to_owned(),
            ),
            (
                "Goes on",
                "service tokens, admin tokens and filter credentials: end those on their pages".to_owned(),
            ),
        ],
        button: "End every session",
        ends: true,
        is_typed: true,
        to_agree: None,
    }
}
