//! The description of the admin API (OpenAPI 3.1): what the [calls](super::calls) say of themselves, and what
//! all of them have in common.

mod flat;
mod refusals;
mod resources;

use axum::http::Method;
use axum::{Extension, Json};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, Info, InfoBuilder, OpenApi, PathItem, RefOr, Server};

use super::{PATH, idempotency};

pub use resources::of_path as resource_of;

/// What callers show that they may call.
pub const SCHEME: &str = "admin_token";

/// The description of calls.
pub fn of(mut calls: OpenApi) -> OpenApi {
    calls.info = info();
    calls.servers = Some(vec![Server::new(PATH)]);
    calls.tags = Some(resources::tags());
    let components = calls.components.get_or_insert_default();
    flat::name_items(&mut components.schemas);
    flat::flatten(&mut components.schemas);
    for (path, item) in &mut calls.paths.paths {
        for (method, operation) in operations_mut(item) {
            complete(operation, &method, path);
        }
    }
    describe_common(components);
    flat::retain_used(&mut calls);
    calls
}

/// Shows this description of the admin API (OpenAPI 3.1). Any valid admin token suffices.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "show_description",
    responses((status = OK, body = Object)),
)]
pub async fn show(Extension(document): Extension<&'static OpenApi>) -> Json<&'static OpenApi> {
    Json(document)
}

/// The calls of a path.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let operations = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    let operations = operations.into_iter();
    operations.filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The same, to change.
pub fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let operations = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    let operations = operations.into_iter();
    operations.filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn info() -> Info {
    let text = "Administers Portcullis: the calls behind the dashboard, for programs.\n\n\
                Each call carries an admin token as a bearer token, and needs the scopes that it names. \
                Times are seconds since 1970. `version` is the version of the feed with which a change \
                takes effect.";
    InfoBuilder::new()
        .title("Portcullis admin API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(text))
        .build()
}

/// Adds what follows from a call's method and path.
fn complete(operation: &mut Operation, method: &Method, path: &str) {
    let lines = [&mut operation.summary, &mut operation.description];
    for text in lines.into_iter().flatten() {
        *text = text.replace('\n', " ");
    }
    operation.description = operation.description.take().filter(|text| !text.is_empty());
    operation.tags = Some(vec![resources::of_path(path).to_owned()]);
    if method == Method::POST {
        let parameters = operation.parameters.get_or_insert_default();
        parameters.push(RefOr::T(idempotency::parameter()));
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        flat::omit_null(body);
    }
    refusals::describe(operation, method);
}

fn describe_common(components: &mut Components) {
    refusals::describe_all(components);
    let text = "`portcullis-control admin-token new --scope SCOPE` makes one where the service runs; the \
                dashboard makes them, too.";
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(text));
    let scheme = RefOr::T(SecurityScheme::Http(scheme.build()));
    components
        .security_schemes
        .insert(SCHEME.to_owned(), scheme);
}
