//! `GET /assets/…`: style, scripts and icon, built into the program.

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use portcullis::reply::page::{STYLE, WAIT_SCRIPT};

use super::page::failure::Failure;

/// What goes beyond the style that these pages share with the filter's.
const OWN_STYLE: &str = include_str!("../../assets/style.css");
const ICON: &str = include_str!("../../assets/icon.svg");
const SIGN_IN_SCRIPT: &str = include_str!("../../assets/sign-in.js");
const TIMES_SCRIPT: &str = include_str!("../../assets/times.js");

/// Short, because a new version of the program has new files under the same names.
const CACHED: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

pub async fn asset(Path(name): Path<String>) -> Response {
    let script = "text/javascript; charset=utf-8";
    let (kind, body) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", [STYLE, OWN_STYLE].concat()),
        "icon.svg" => ("image/svg+xml", ICON.to_owned()),
        "sign-in.js" => (script, SIGN_IN_SCRIPT.to_owned()),
        "wait.js" => (script, WAIT_SCRIPT.to_owned()),
        "times.js" => (script, TIMES_SCRIPT.to_owned()),
        _ => return Failure::NotFound.into_response(),
    };
    ([CACHED, (header::CONTENT_TYPE, kind)], body).into_response()
}
