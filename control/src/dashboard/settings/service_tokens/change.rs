//! `/dashboard/settings/service-tokens/{id}/disable|delete|enable`: the GETs ask, the POSTs act.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::super::super::revocations;
use super::{LIST, find};
use crate::administration::service_tokens;
use crate::service::Service;
use crate::storage::ServiceTokenEnd;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

const NOW: &str = "its access ends now, also that of requests that are open";

/// `GET …/disable`.
pub async fn ask_to_disable(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let token = find(&service, &id).await?;
    let named_by = named_by(&service, &token.name).await?;
    ending(&token.name, (ServiceTokenEnd::Disabled, &named_by)).ask(fresh.person())
}

/// `POST …/disable`.
pub async fn disable(
    service: State<Arc<Service>>,
    fresh: Fresh,
    id: Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    end(service, fresh, id, (fields, ServiceTokenEnd::Disabled)).await
}

/// `GET …/delete`.
pub async fn ask_to_delete(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let token = find(&service, &id).await?;
    let named_by = named_by(&service, &token.name).await?;
    ending(&token.name, (ServiceTokenEnd::Deleted, &named_by)).ask(fresh.person())
}

/// `POST …/delete`.
pub async fn delete(
    service: State<Arc<Service>>,
    fresh: Fresh,
    id: Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    end(service, fresh, id, (fields, ServiceTokenEnd::Deleted)).await
}

/// `GET …/enable`.
pub async fn ask_to_enable(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let token = find(&service, &id).await?;
    Question {
        act: "Enable the service token",
        to: &token.name,
        from: LIST,
        warning: "",
        facts: vec![(
            "Now",
            "its secret opens again what policies allow it".to_owned(),
        )],
        button: "Enable it",
        ends: false,
        is_typed: false,
        to_agree: None,
    }
    .ask(fresh.person())
}

/// `POST …/enable`.
pub async fn enable(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let token = find(&service, &id).await?;
    let by = fresh.person().acting(&fields);
    if !service_tokens::enable(&service, &by, &token).await? {
        return Err(Failure::NotFound);
    }
    let list = "/dashboard/settings/service-tokens?done=enabled";
    redirect(StatusCode::SEE_OTHER, list)
}

async fn end(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    (fields, how): (Fields, ServiceTokenEnd),
) -> Result<Response, Failure> {
    let person = fresh.person();
    let token = find(&service, &id).await?;
    let named_by = named_by(&service, &token.name).await?;
    if let Some(asked) = ending(&token.name, (how, &named_by)).check(person, fields.text("typed")) {
        return asked;
    }
    let ended = service_tokens::end(&service, &person.acting(&fields), (&token, how)).await?;
    revocations::made(ended.ok_or(Failure::NotFound)?)
}

/// The applications whose policies admit a token, in words.
async fn named_by(service: &Service, token: &str) -> Result<String, Failure> {
    let applications = service.storage.applications().await?;
    let names = applications.iter().map(|one| &one.definition);
    let names = names.filter(|one| {
        let mut selectors = one.policy.selectors();
        selectors.any(|selector| selector.service_tokens().iter().any(|named| named == token))
    });
    let names: Vec<&str> = names.map(|one| one.name.as_str()).collect();
    Ok(match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    })
}

fn ending<'a>(name: &'a str, (how, named_by): (ServiceTokenEnd, &str)) -> Question<'a> {
    let now = ("Now", NOW.to_owned());
    let named_by = ("Policies that name it", named_by.to_owned());
    match how {
        ServiceTokenEnd::Disabled => Question {
            act: "Disable the service token",
            to: name,
            from: LIST,
            warning: "",
            facts: vec![
                now,
                named_by,
                ("Undone", "by enabling it, with the same secret".to_owned()),
            ],
            button: "Disable it",
            ends: true,
            is_typed: false,
            to_agree: None,
        },
        ServiceTokenEnd::Deleted => Question {
            act: "Delete the service token",
            to: name,
            from: LIST,
            warning: "",
            facts: vec![
                now,
                named_by,
                (
                    "Undone",
                    "never: a new one with the same name has another client id and secret"
                        .to_owned(),
                ),
            ],
            button: "Delete it",
            ends: true,
            is_typed: false,
            to_agree: None,
        },
    }
}
