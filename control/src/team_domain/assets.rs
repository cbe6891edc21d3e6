//! `GET /assets/…`: style, script and icon, built into the program.

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

use super::page::failure::Failure;

const STYLE: &str = include_str!("../../assets/style.css");
const ICON: &str = include_str!("../../assets/icon.svg");
const SIGN_IN_SCRIPT: &str = include_str!("../../assets/sign-in.js");

/// Short, because a new version of the program has new files under the same names.
const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

pub async fn asset(Path(name): Path<String>) -> Response {
    let (kind, body) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "icon.svg" => ("image/svg+xml", ICON),
        "sign-in.js" => ("text/javascript; charset=utf-8", SIGN_IN_SCRIPT),
        _ => return Failure::NotFound.into_response(),
    };
    ([CACHED, (header::CONTENT_TYPE, kind)], body).into_response()
}
