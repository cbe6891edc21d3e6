//! `GET /dashboard/applications/{audience}/delete` asks, the POST deletes an application.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::confirm::Question;
use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::super::revocations;
use super::find;
use crate::administration::applications::remove::remove;
use crate::service::Service;
use crate::storage::{ChangeError, TakeOver};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// `GET /dashboard/applications/{audience}/delete`. The page of a declared application says where to delete
/// it.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(audience): Path<String>,
) -> Result<Response, Failure> {
    let application = find(&service, &audience).await?;
    if application.declared {
        let overview = format!("/dashboard/applications/{}", application.audience);
        return redirect(StatusCode::FOUND, &overview);
    }
    question(&application.definition.name, "").ask(fresh.person())
}

/// `POST /dashboard/applications/{audience}/delete`.
pub async fn delete(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(audience): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let application = find(&service, &audience).await?;
    let name = &application.definition.name;
    if let Some(asked) = question(name, "").check(person, fields.text("typed")) {
        return asked;
    }
    let by = person.acting(&fields);
    let take_over = TakeOver::allowed_if(!fields.text("agreed").is_empty());
    match remove(&service, &by, (name, Some(&audience)), take_over).await {
        Ok(removed) => revocations::made(removed.version),
        Err(ChangeError::Storage(error)) => Err(error.into()),
        Err(ChangeError::Unknown) => Err(Failure::NotFound),
        Err(error @ ChangeError::TakenOver(_)) => Question {
            to_agree: Some("Let the wildcard have the hostname: its route is out of Envoy"),
            ..question(name, &error.to_string())
        }
        .ask_again(person, StatusCode::CONFLICT),
        Err(error) => question(name, &error.to_string()).ask_again(person, StatusCode::CONFLICT),
    }
}

fn question<'a>(name: &'a str, warning: &'a str) -> Question<'a> {
    Question {
        act: "Delete the application",
        to: name,
        from: ("Applications", "/dashboard/applications"),
        warning,
        facts: vec![
            (
                "Ends now",
                "every session at it, and every token for it, those of scripts too".to_owned(),
            ),
            (
                "Then",
                "filters refuse its hostnames; the server behind them is not touched".to_owned(),
            ),
            (
                "Undone",
                "never: one that is added later with the same name is another application"
                    .to_owned(),
            ),
        ],
        button: "Delete the application",
        ends: true,
        is_typed: true,
        to_agree: None,
    }
}
