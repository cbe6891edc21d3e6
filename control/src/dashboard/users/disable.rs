//! `GET /dashboard/users/{id}/disable` asks, the POST keeps a user from signing in, and revokes them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::confirm::Question;
use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::super::revocations;
use super::{called, find, may_disable};
use crate::administration::users::revoke_users;
use crate::service::Service;
use crate::storage::{ListedUser, UserSelector};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;
use crate::words::counted;

/// `GET /dashboard/users/{id}/disable`. The page of a user who cannot be disabled says why.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let user = find(&service, &id).await?;
    if !may_disable(&service, person, &user).await? {
        return redirect(StatusCode::FOUND, &format!("/dashboard/users/{}", user.id));
    }
    let name = called(&user);
    question(&user, name.plain()).ask(person)
}

/// `POST /dashboard/users/{id}/disable`.
pub async fn disable(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let user = find(&service, &id).await?;
    if !may_disable(&service, person, &user).await? {
        return Err(Failure::BadForm);
    }
    let by = person.acting(&fields);
    let revoked = revoke_users(&service, &by, UserSelector::Id(&user.id), true).await?;
    revocations::made(revoked.ok_or(Failure::NotFound)?.version)
}

fn question<'a>(user: &ListedUser, name: &'a str) -> Question<'a> {
    Question {
        act: "Disable",
        to: name,
        from: ("Users", "/dashboard/users"),
        warning: "",
        facts: vec![
            (
                "Ends now",
                format!(
                    "{}; WebSockets and streams are cut",
                    counted(user.sessions, "session", "sessions")
                ),
            ),
            (
                "Signing in",
                "is refused, with every method, until an administrator enables the user".to_owned(),
            ),
            ("Undone", "by enabling the user".to_owned()),
        ],
        button: "Disable the user",
        ends: true,
        is_typed: false,
        to_agree: None,
    }
}
