//! `/dashboard/settings/service-tokens/make`: the form, and the secret, once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::super::super::fields::Fields;
use super::super::super::form::{Field, Form};
use super::super::super::fresh::Fresh;
use super::{LIST, show_secret};
use crate::administration::service_tokens;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::AddServiceTokenError;
use crate::team_domain::page::failure::Failure;
use crate::tokens::service_tokens::MakeServiceTokenError;

/// `GET /dashboard/settings/service-tokens/make`.
pub async fn ask(fresh: Fresh) -> Result<Response, Failure> {
    form(&Fields::default()).show(fresh.person())
}

/// `POST /dashboard/settings/service-tokens/make`.
pub async fn make(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let expires = Some(fields.text("expires").trim()).filter(|text| !text.is_empty());
    let request = (fields.text("name").trim(), expires);
    match service_tokens::make(&service, person.administrator(), request).await {
        Ok(made) => show_secret(person, &made),
        Err(MakeServiceTokenError::Refused(refused)) => form(&fields).refused(person, refused),
        Err(MakeServiceTokenError::Add(error @ AddServiceTokenError::NameTaken)) => {
            form(&fields).refused(person, taken(request.0, &error))
        }
        Err(MakeServiceTokenError::Add(AddServiceTokenError::Storage(error))) => Err(error.into()),
        Err(MakeServiceTokenError::Randomness(error)) => Err(error.into()),
    }
}

fn taken(name: &str, error: &AddServiceTokenError) -> Refused {
    let mut problems = InputProblems::default();
    problems.add("name", name, error);
    problems.finish().err().unwrap_or(Refused(Vec::new()))
}

fn form(typed: &Fields) -> Form<'static> {
    Form {
        act: "Make a service token",
        to: "",
        from: LIST,
        intro: "Until a policy names it, it opens nothing.",
        fields: vec![
            Field::line("name", "Name", typed).help("Such as ci. Policies admit it by this name."),
            Field::line("expires", "Lasts", typed).help("Such as 90d. Empty: a year."),
        ],
        button: "Make the service token",
    }
}
