//! Why a call of the service failed.

use std::path::PathBuf;

use super::token::error::TokenError;
use crate::api::command_error::ErrorBody;
use crate::problems::InputProblem;

/// Where the admin token for a service on another machine is.
pub const TOKEN_VARIABLE: &str = "PORTCULLIS_ADMIN_TOKEN";

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No service answers on the socket.
    #[error(
        "the service does not answer on {}: {source}\n\
         Is it running (`portcullis-control serve`) with this data directory (--data-dir)?",
        socket.display()
    )]
    NotRunning {
        /// The socket that was tried.
        socket: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The connection broke, or the response is invalid.
    #[error("no valid response from the service on {}: {reason}", socket.display())]
    Broken {
        /// The socket.
        socket: PathBuf,
        /// Why.
        reason: String,
    },
    /// The team domain was not reached.
    #[error(transparent)]
    TeamDomain(#[from] TokenError),
    /// There is no admin token.
    #[error(
        "--server needs an admin token in the environment variable {TOKEN_VARIABLE}; where the service runs, `admin-token new` makes one"
    )]
    NoToken,
    /// No call of the admin API does it.
    #[error("this command works only on the machine where the service runs, without --server")]
    OnlyThere,
    /// The service refused.
    #[error("{}", .0.error)]
    Refused(ErrorBody),
}

impl ClientError {
    /// The reason, for programs.
    pub fn reason(&self) -> &str {
        match self {
            Self::NotRunning { .. } => "not_running",
            Self::Broken { .. } => "no_valid_response",
            Self::TeamDomain(error) => error.reason(),
            Self::NoToken => "no_admin_token",
            Self::OnlyThere => "not_with_server",
            Self::Refused(body) => &body.reason,
        }
    }

    /// Each problem of an invalid input.
    pub fn problems(&self) -> &[InputProblem] {
        match self {
            Self::Refused(body) => &body.problems,
            _ => &[],
        }
    }

    /// A refusal that the client finds itself.
    pub(super) fn refused(reason: &str, error: &str) -> Self {
        Self::Refused(ErrorBody {
            error: error.to_owned(),
            reason: reason.to_owned(),
            problems: Vec::new(),
        })
    }
}
