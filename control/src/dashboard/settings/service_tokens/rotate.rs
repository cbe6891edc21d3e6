//! `/dashboard/settings/service-tokens/{id}/rotate`: the form, and the new secret, once.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::fields::Fields;
use super::super::super::form::{Field, Form};
use super::super::super::fresh::Fresh;
use super::{LIST, find, show_secret};
use crate::administration::service_tokens;
use crate::service::Service;
use crate::storage::AddServiceTokenError;
use crate::team_domain::page::failure::Failure;
use crate::tokens::service_tokens::{MakeServiceTokenError, RotationRequest};

/// `GET /dashboard/settings/service-tokens/{id}/rotate`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let token = find(&service, &id).await?;
    form(&token.name, &Fields::default()).show(fresh.person())
}

/// `POST /dashboard/settings/service-tokens/{id}/rotate`.
pub async fn rotate(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let token = find(&service, &id).await?;
    let typed = |name| Some(fields.text(name).trim()).filter(|text| !text.is_empty());
    let request = RotationRequest {
        grace: typed("grace"),
        expires: typed("expires"),
    };
    match service_tokens::rotate(&service, person.administrator(), &token, &request).await {
        Ok(rotated) => show_secret(person, &rotated.ok_or(Failure::NotFound)?.0),
        Err(MakeServiceTokenError::Refused(refused)) => {
            form(&token.name, &fields).refused(person, refused)
        }
        Err(MakeServiceTokenError::Add(AddServiceTokenError::Storage(error))) => Err(error.into()),
        Err(MakeServiceTokenError::Add(AddServiceTokenError::NameTaken)) => {
            Err(Failure::Broken("a new secret has no name"))
        }
        Err(MakeServiceTokenError::Randomness(error)) => Err(error.into()),
    }
}

fn form<'a>(name: &'a str, typed: &Fields) -> Form<'a> {
    Form {
        act: "Make a new secret for",
        to: name,
        from: LIST,
        intro: "Both secrets are good for a while, so that the program can change over. If the old one was \
                stolen, let it end at once: 0.",
        fields: vec![
            Field::line("grace", "The old secret is good for", typed)
                .help("Such as 7d; 0 ends it, and the access that it got, now. Empty: a day."),
            Field::line("expires", "The service token lasts", typed)
                .help("From now on, such as 90d. Empty: as before."),
        ],
        button: "Make the secret",
    }
}
