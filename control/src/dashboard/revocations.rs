//! Pages of revocations.

pub mod events;
pub mod list;
pub mod one;
pub mod progress;
pub mod streams;
mod watcher;

use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::feed::Scope;

use super::path::PATH;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// The answer to a form that revoked something: the page that says how far it has come.
pub fn made(version: u64) -> Result<Response, Failure> {
    let page = format!("{PATH}/revocations/{version}");
    redirect(StatusCode::SEE_OTHER, &page)
}

/// What a revocation ends.
fn what(scope: Scope) -> &'static str {
    match scope {
        Scope::User => "Every session of a user",
        Scope::Application => "Every session at an application",
        Scope::Session => "One session",
        Scope::UserApplication => "Every session of a user at an application",
    }
}

/// A version that the feed has reached.
async fn existing(service: &Service, version: &str) -> Result<u64, Failure> {
    let version: u64 = version.parse().map_err(|_| Failure::NotFound)?;
    let newest = service.storage.newest_version().await?;
    let exists = (1..=newest).contains(&version);
    exists.then_some(version).ok_or(Failure::NotFound)
}
