//! The admin API to read: its description as pages, one for each resource.

mod call;
mod index;
mod kind;
mod prose;
mod resource;
mod schema;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::allowed::Allowed;
use super::page::Page;
use crate::api::calls::document;

/// The pages.
pub(super) fn pages() -> Vec<Page> {
    vec![
        Page::get("/api", None, index::show),
        Page::get("/api/{resource}", None, resource::show),
        Page::get("/api/openapi.json", None, send),
    ]
}

/// `GET /dashboard/api/openapi.json`: the description for programs, as the admin API gives it.
async fn send(_: Allowed) -> Response {
    let attachment = "attachment; filename=\"openapi.json\"";
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, attachment),
    ];
    (headers, Json(document())).into_response()
}
