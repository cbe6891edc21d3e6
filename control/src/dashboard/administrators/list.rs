//! `GET /dashboard/administrators`: who has which role, and by what.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::allowed::Allowed;
use super::super::done::Done;
use super::super::shell::Shell;
use super::super::shown::Shown;
use crate::administration::role::Role;
use crate::api::scope::Scope;
use crate::policy::selector::Selector;
use crate::service::Service;
use crate::storage::User;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/administrators/list.html")]
struct ListTemplate {
    shell: Shell,
    notice: Option<&'static str>,
    /// Whether the person may change roles.
    may_change: bool,
    people: Vec<Row>,
    lists: Vec<Listed>,
}

/// A user to whom a role was given.
struct Row {
    id: String,
    email: Shown,
    role: &'static str,
    state: &'static str,
}

/// A line of the configuration.
struct Listed {
    role: &'static str,
    what: &'static str,
    name: Shown,
}

/// `GET /dashboard/administrators`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let users = service.storage.users_with_roles().await?;
    let page = ListTemplate {
        shell: person.shell(),
        notice: (done.done == "role")
            .then_some("The role was changed. It counts from the next request on."),
        may_change: person.may(Scope::RolesWrite),
        people: users.into_iter().filter_map(Row::of).collect(),
        lists: lists(&service),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(user: User) -> Option<Self> {
        Some(Self {
            email: Shown::new(&user.email),
            role: user.role?.label(),
            state: if user.disabled { "disabled" } else { "" },
            id: user.id,
        })
    }
}

fn lists(service: &Service) -> Vec<Listed> {
    let mut listed = Vec::new();
    for role in Role::ALL.into_iter().rev() {
        for selector in service.config.dashboard.list_of(role) {
            let (what, names) = match selector {
                Selector::Email(emails) => ("address", &emails.0),
                Selector::Group(groups) => ("group", &groups.0),
                // The configuration has no others.
                _ => continue,
            };
            listed.extend(names.iter().map(|name| Listed {
                role: role.label(),
                what,
                name: Shown::new(name),
            }));
        }
    }
    listed
}
