//! `/dashboard/proxies/forget?instance=…` asks, the POST forgets the proxies with that name.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::allowed::Allowed;
use super::super::fields::Fields;
use super::super::path::PATH;
use super::super::shell::Shell;
use super::super::shown::Shown;
use crate::administration::proxies;
use crate::feed::proxies::{ProxyState, standings};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// The page from which it comes.
const LIST: &str = "/dashboard/proxies";

/// Which proxy.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Which {
    instance: String,
}

#[derive(Template)]
#[template(path = "dashboard/proxies/forget.html")]
struct ForgetTemplate {
    shell: Shell,
    name: Shown,
    instance: String,
    /// How many proxies have the name.
    count: usize,
    polls: bool,
    addresses: Vec<Shown>,
}

/// Where a proxy can be forgotten.
pub fn address(instance: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("instance", instance)
        .finish();
    format!("{PATH}/proxies/forget?{query}")
}

/// `GET /dashboard/proxies/forget`. Without a name, the list shows which there are.
pub async fn ask(
    State(service): State<Arc<Service>>,
    person: Allowed,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    if which.instance.is_empty() {
        return redirect(StatusCode::FOUND, LIST);
    }
    let mut named = service.storage.proxies().await?;
    named.retain(|proxy| proxy.instance == which.instance);
    if named.is_empty() {
        return Err(Failure::NotFound);
    }
    let named = standings(named, service.clock.now());
    let page = ForgetTemplate {
        shell: person.shell(),
        name: Shown::new(&which.instance),
        instance: which.instance,
        count: named.len(),
        polls: named.iter().any(|one| one.state == ProxyState::Live),
        addresses: named
            .iter()
            .map(|one| Shown::new(&one.proxy.address))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

/// `POST /dashboard/proxies/forget`.
pub async fn forget(
    State(service): State<Arc<Service>>,
    person: Allowed,
    fields: Fields,
) -> Result<Response, Failure> {
    let instance = fields.text("instance");
    match proxies::forget(&service, instance, person.administrator()).await? {
        0 => Err(Failure::NotFound),
        _ => redirect(StatusCode::SEE_OTHER, "/dashboard/proxies?done=forgotten"),
    }
}
