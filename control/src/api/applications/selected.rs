//! The application that a call is about: by audience or name in the admin API, by name on the control
//! socket.

use serde::Deserialize;

use super::super::command_error::CommandError;
use super::super::error::ApiError;
use crate::applications::Application;
use crate::service::Service;

/// No application has the name.
pub const NO_SUCH_NAME: ApiError = ApiError::NotFound("no application has this audience or name");

/// An application, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationName {
    /// The name.
    pub name: String,
}

/// The application with an audience or a name. Audiences are random, so no name can take the place of one.
pub async fn find(service: &Service, named: &str) -> Result<Application, ApiError> {
    if let Some(application) = service.storage.application(named).await? {
        return Ok(application);
    }
    let application = service.storage.application_named(named).await?;
    application.ok_or(NO_SUCH_NAME)
}

/// No application has the name.
pub fn no_such_name(name: String) -> CommandError {
    CommandError::Unknown {
        path: "name",
        value: name,
        message: "no application has this name; `application list` shows all applications",
    }
}
