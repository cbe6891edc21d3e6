//! `GET /dashboard/settings/access-groups`: conditions with a name, which policies share.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::super::allowed::Allowed;
use super::super::super::shell::Shell;
use super::super::super::shown::Shown;
use super::{address_of, parts};
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::service::Service;
use crate::storage::StoredAccessGroup;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/settings/access_groups.html")]
struct ListTemplate {
    shell: Shell,
    is_deleted: bool,
    /// Whether it was saved, and with which version policies follow it.
    saved: Option<Option<u64>>,
    may_add: bool,
    groups: Vec<Row>,
}

struct Row {
    name: Shown,
    /// How many of the conditions must fit, and these.
    parts: Vec<(&'static str, Vec<Shown>)>,
    /// The applications whose policies name it: audience and name.
    used_by: Vec<(String, Shown)>,
    is_declared: bool,
    /// Where it can be changed and deleted, if it can and the person may do that.
    edit: Option<String>,
    delete: Option<String>,
}

/// What was done before.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
    version: String,
}

/// `GET /dashboard/settings/access-groups`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Query(done): Query<Done>,
) -> Result<Response, Failure> {
    let applications = service.storage.applications().await?;
    let groups = service.storage.access_groups().await?;
    let may_write = person.may(Scope::ApplicationsWrite);
    let page = ListTemplate {
        shell: person.shell(),
        is_deleted: done.done == "deleted",
        saved: (done.done == "saved").then(|| done.version.parse().ok()),
        may_add: may_write,
        groups: groups
            .into_iter()
            .map(|stored| Row::of(stored, &applications, may_write))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(stored: StoredAccessGroup, applications: &[Application], may_write: bool) -> Self {
        let group = stored.group;
        let users = applications.iter();
        let users = users.filter(|one| one.definition.policy.names_access_group(&group.name));
        let used_by: Vec<(String, Shown)> = users
            .map(|one| (one.audience.clone(), Shown::new(&one.definition.name)))
            .collect();
        let can_edit = may_write && !stored.declared;
        let can_delete = can_edit && used_by.is_empty();
        Self {
            edit: can_edit.then(|| address_of("edit", &group.name)),
            delete: can_delete.then(|| address_of("delete", &group.name)),
            name: Shown::new(&group.name),
            parts: parts(&group.conditions),
            used_by,
            is_declared: stored.declared,
        }
    }
}
