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
    ending(&find(&service, &id).await?.name, ServiceTokenEnd::Disabled).ask(fresh.person())
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
    ending(&find(&service, &id).await?.name, ServiceTokenEnd::Deleted).ask(fresh.person())
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
    if let Some(asked) = ending(&token.name, how).check(person, fields.text("typed")) {
        return asked;
    }
    let ended = service_tokens::end(&service, &person.acting(&fields), (&token, how)).await?;
    revocations::made(ended.ok_or(Failure::NotFound)?)
}

fn ending(name: &str, how: ServiceTokenEnd) -> Question<'_> {
    let now = ("Now", NOW.to_owned());
    match how {
        ServiceTokenEnd::Disabled => Question {
            act: "Disable the service token",
            to: name,
            from: LIST,
            warning: "",
            facts: vec![
                now,
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
