//! Pages of applications.

pub mod delete;
mod last_change;
pub mod list;
pub mod new;
pub mod overview;
pub mod policies;
pub mod revoke;
pub mod settings;
mod shell_words;
mod tabs;

use crate::applications::Application;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// The application with an audience.
async fn find(service: &Service, audience: &str) -> Result<Application, Failure> {
    let found = service.storage.application(audience).await?;
    found.ok_or(Failure::NotFound)
}
