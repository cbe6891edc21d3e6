//! `GET /dashboard/settings/access-groups`: conditions with a name, which policies share.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::allowed::Allowed;
use super::super::super::applications::policies::condition::Condition;
use super::super::super::done::Done;
use super::super::super::shell::Shell;
use super::super::super::shown::Shown;
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::policy::selector::Selector;
use crate::service::Service;
use crate::storage::StoredAccessGroup;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/settings/access_groups.html")]
struct ListTemplate {
    shell: Shell,
    is_deleted: bool,
    groups: Vec<Row>,
}

struct Row {
    name: Shown,
    /// How many of the conditions must fit, and these.
    parts: Vec<(&'static str, Vec<Shown>)>,
    /// The applications whose policies name it: audience and name.
    used_by: Vec<(String, Shown)>,
    is_declared: bool,
    /// Where it can be deleted, if it can and the person may do that.
    delete: Option<String>,
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
        let conditions = group.conditions;
        let parts = [
            ("Any of", in_words(&conditions.include)),
            ("All of", in_words(&conditions.require)),
            ("None of", in_words(&conditions.exclude)),
        ];
        let can_delete = may_write && !stored.declared && used_by.is_empty();
        Self {
            delete: can_delete.then(|| address(&group.name)),
            name: Shown::new(&group.name),
            parts: parts
                .into_iter()
                .filter(|(_, conditions)| !conditions.is_empty())
                .collect(),
            used_by,
            is_declared: stored.declared,
        }
    }
}

fn in_words(selectors: &[Selector]) -> Vec<Shown> {
    let values = selectors.iter().flat_map(serde_json::to_value);
    let conditions = values.filter_map(|value| Condition::of(&value));
    conditions.map(|condition| condition.shown()).collect()
}

/// A name may hold what a path cannot.
fn address(name: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("name", name)
        .finish();
    format!("/dashboard/settings/access-groups/delete?{query}")
}
