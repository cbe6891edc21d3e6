//! `/dashboard/settings/admin-tokens/make`: the form, and the token, once. No token can do that: only a
//! person who has just signed in, who may give roles, too.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::super::super::fields::Fields;
use super::super::super::form::{Field, Form};
use super::super::super::fresh::Fresh;
use super::super::super::secret::Made;
use super::LIST;
use crate::api::scope::Scope;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::tokens::admin_tokens::{AdminTokenRequest, MakeTokenError, make as make_token};

/// `GET /dashboard/settings/admin-tokens/make`.
pub async fn ask(fresh: Fresh) -> Result<Response, Failure> {
    form(&Fields::default()).show(fresh.person())
}

/// `POST /dashboard/settings/admin-tokens/make`.
pub async fn make(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let scopes: Vec<String> = fields.all("scopes").map(ToOwned::to_owned).collect();
    let request = AdminTokenRequest {
        name: fields.text("name").trim(),
        scopes: &scopes,
        expires: Some(fields.text("expires").trim()).filter(|text| !text.is_empty()),
    };
    let by = person.administrator().initiator();
    let made = match make_token(&service, &request, by).await {
        Ok(made) => made,
        Err(MakeTokenError::Refused(refused)) => return form(&fields).refused(person, refused),
        Err(MakeTokenError::Storage(error)) => return Err(error.into()),
        Err(MakeTokenError::Randomness(error)) => return Err(error.into()),
    };
    let stored = &made.stored;
    Made {
        what: "admin token",
        name: if stored.name.is_empty() {
            &stored.id
        } else {
            &stored.name
        },
        facts: vec![
            ("Id", stored.id.clone()),
            ("Scopes", stored.scopes.join(", ")),
        ],
        word: "Admin token",
        secret: &made.token,
        then: "Give it to the program in a secret file or in its environment. It sends it as \
               authorization: Bearer.",
        list: LIST,
    }
    .show(person)
}

fn form(typed: &Fields) -> Form<'static> {
    let scopes = Scope::ALL.iter().map(|scope| (scope.name(), scope.name()));
    Form {
        act: "Make an admin token",
        to: "",
        from: LIST,
        intro: "Give it no more scopes than its program needs.",
        fields: vec![
            Field::line("name", "Name", typed)
                .help("What you call it, such as siem. The audit log shows it."),
            Field::boxes("scopes", "Scopes", (scopes, typed)),
            Field::line("expires", "Lasts", typed).help("Such as 30d. Empty: 90 days."),
        ],
        button: "Make the token",
    }
}
