//! `/dashboard/settings/access-groups/delete?name=…` asks, the POST deletes.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::{LIST, Which};
use crate::administration::access_groups;
use crate::service::Service;
use crate::storage::AccessGroupError;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// `GET /dashboard/settings/access-groups/delete`. Without a name, the list shows which there are.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    if which.name.is_empty() {
        return redirect(StatusCode::FOUND, LIST.1);
    }
    let groups = service.storage.access_groups().await?;
    let mut named = groups.iter().map(|one| one.group.name.as_str());
    if !named.any(|name| name == which.name) {
        return Err(Failure::NotFound);
    }
    question(&which.name, "").ask(fresh.person())
}

/// `POST /dashboard/settings/access-groups/delete`.
pub async fn delete(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    which: Result<Query<Which>, QueryRejection>,
    fields: Fields,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    let person = fresh.person();
    let by = person.acting(&fields);
    match access_groups::delete(&service, &by, &which.name).await {
        Ok(()) => redirect(
            StatusCode::SEE_OTHER,
            "/dashboard/settings/access-groups?done=deleted",
        ),
        Err(AccessGroupError::Storage(error)) => Err(error.into()),
        Err(AccessGroupError::Unknown) => Err(Failure::NotFound),
        Err(error) => {
            question(&which.name, &error.to_string()).ask_again(person, StatusCode::CONFLICT)
        }
    }
}

fn question<'a>(name: &'a str, warning: &'a str) -> Question<'a> {
    Question {
        act: "Delete the access group",
        to: name,
        from: LIST,
        warning,
        facts: vec![
            ("Sessions", "all go on: no policy names it".to_owned()),
            ("Undone", "by setting it again".to_owned()),
        ],
        button: "Delete it",
        ends: true,
        is_typed: false,
        to_agree: None,
    }
}
