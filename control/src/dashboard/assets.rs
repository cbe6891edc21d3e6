//! Style, scripts and icon of the dashboard, below `/assets/<hash>/`: the hash is that of all of them, so
//! that a browser keeps them for a year and has new ones with a new version.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

use crate::team_domain::page::failure::Failure;

const SCRIPT: &str = "text/javascript; charset=utf-8";
/// Name, type and content of each.
const ASSETS: [(&str, &str, &str); 5] = [
    (
        "dashboard.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/dashboard.css"),
    ),
    ("copy.js", SCRIPT, include_str!("../../assets/copy.js")),
    (
        "progress.js",
        SCRIPT,
        include_str!("../../assets/progress.js"),
    ),
    ("times.js", SCRIPT, include_str!("../../assets/times.js")),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../../assets/icon.svg"),
    ),
];
const HASH_CHARACTERS: usize = 16;

const KEPT: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
/// While a new version is rolled out, its pages may ask the old one, and the other way round.
const OF_ANOTHER_VERSION: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=60");

static DIRECTORY: LazyLock<String> = LazyLock::new(|| format!("/assets/{}", hash()));

/// Where they are: `/assets/<hash>`.
pub fn directory() -> &'static str {
    &DIRECTORY
}

/// `GET /assets/{hash}/{name}`.
pub(crate) async fn asset(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some((_, kind, body)) = ASSETS.iter().find(|(found, ..)| *found == name) else {
        return Failure::NotFound.into_response();
    };
    let cached = if directory().ends_with(&format!("/{hash}")) {
        KEPT
    } else {
        OF_ANOTHER_VERSION
    };
    ([cached, (header::CONTENT_TYPE, kind)], *body).into_response()
}

fn hash() -> String {
    let mut hash = hmac_sha256::Hash::new();
    for (name, _, body) in ASSETS {
        hash.update(name);
        hash.update([0]);
        hash.update(body);
        hash.update([0]);
    }
    let digits = hash.finalize().map(|byte| format!("{byte:02x}")).concat();
    digits.chars().take(HASH_CHARACTERS).collect()
}
