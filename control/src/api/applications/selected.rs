//! The application that a call is about, by name.

use serde::Deserialize;

use super::super::command_error::CommandError;
use super::super::error::ApiError;

/// No application has the name.
pub const NO_SUCH_NAME: ApiError = ApiError::NotFound("no application has this name");

/// An application, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationName {
    /// The name.
    pub name: String,
}

/// No application has the name.
pub fn no_such_name(name: String) -> CommandError {
    CommandError::Unknown {
        path: "name",
        value: name,
        message: "no application has this name; `application list` shows all applications",
    }
}
