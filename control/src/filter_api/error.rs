//! Errors of the filter API.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portcullis::protocol::calls::ProblemReason;

use crate::eligibility::Denied;
use crate::metrics::refusals::{Endpoint, Refused};
use crate::problems::Problem;
use crate::seal::SealError;
use crate::storage::StorageError;
use crate::system::randomness::NoRandomness;
use crate::tokens::keys::SignError;
use crate::tokens::service_tokens::not_good::NotGood;

/// Why a call was refused.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No call has this path and method.
    #[error("there is no such call")]
    NoSuchCall,
    /// The body or the query is invalid.
    #[error("the request is invalid")]
    RequestInvalid,
    /// The filter credential is missing or unknown.
    #[error("the filter credential is missing or unknown")]
    CredentialInvalid,
    /// The code is unknown, used or expired.
    #[error("the code is unknown, used or expired")]
    CodeUnknown,
    /// The code is bound to another origin or verifier.
    #[error("the code belongs to another origin, or the verifier does not match")]
    CodeMismatch,
    /// The service did not issue the token, or not for this.
    #[error("the service did not issue this token")]
    TokenInvalid,
    /// The global session has ended.
    #[error("the global session has ended")]
    SessionEnded,
    /// A new sign-in is required.
    #[error("the user must sign in again")]
    LoginRequired,
    /// The user is blocked after a revocation.
    #[error("an administrator revoked the user a moment ago")]
    UserBlocked {
        /// How long the block lasts, in seconds.
        retry_after: u64,
    },
    /// The policy does not admit the user.
    #[error("the application's policy does not admit the user")]
    PolicyDenied {
        /// The user's e-mail address, if the filter shall tell the user.
        account: Option<String>,
    },
    /// The binding secret is missing or wrong.
    #[error("the binding secret is missing or wrong")]
    BindingMismatch,
    /// The service token is not good.
    #[error(
        "there is no such service token, or its secret is another one, or it is disabled or expired"
    )]
    ServiceTokenInvalid,
    /// The origin belongs to no application of this credential.
    #[error("the origin belongs to no application of this credential")]
    OriginUnknown,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The service stops in the middle of the call.
    #[error("the service is stopping")]
    Stopping,
    /// The token was not signed.
    #[error(transparent)]
    Sign(SignError),
    /// The version of a page was not proved.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Claims cannot be written or read as JSON.
    #[error("a token's claims cannot be written or read")]
    Claims(#[from] serde_json::Error),
}

impl ApiError {
    fn status_and_reason(&self) -> (StatusCode, ProblemReason) {
        match self {
            Self::NoSuchCall => (StatusCode::NOT_FOUND, ProblemReason::RequestInvalid),
            Self::RequestInvalid => (StatusCode::BAD_REQUEST, ProblemReason::RequestInvalid),
            Self::CodeUnknown => (StatusCode::BAD_REQUEST, ProblemReason::CodeUnknown),
            Self::CodeMismatch => (StatusCode::BAD_REQUEST, ProblemReason::CodeMismatch),
            Self::TokenInvalid => (StatusCode::BAD_REQUEST, ProblemReason::TokenInvalid),
            Self::CredentialInvalid => (StatusCode::UNAUTHORIZED, ProblemReason::CredentialInvalid),
            Self::SessionEnded => (StatusCode::FORBIDDEN, ProblemReason::SessionEnded),
            Self::LoginRequired => (StatusCode::FORBIDDEN, ProblemReason::LoginRequired),
            Self::UserBlocked { .. } => (StatusCode::FORBIDDEN, ProblemReason::UserBlocked),
            Self::PolicyDenied { .. } => (StatusCode::FORBIDDEN, ProblemReason::PolicyDenied),
            Self::BindingMismatch => (StatusCode::FORBIDDEN, ProblemReason::BindingMismatch),
            Self::ServiceTokenInvalid => {
                (StatusCode::FORBIDDEN, ProblemReason::ServiceTokenInvalid)
            }
            Self::OriginUnknown => (StatusCode::FORBIDDEN, ProblemReason::OriginUnknown),
            Self::Storage(_)
            | Self::Randomness(_)
            | Self::Stopping
            | Self::Sign(_)
            | Self::Seal(_)
            | Self::Claims(_) => (StatusCode::SERVICE_UNAVAILABLE, ProblemReason::Unavailable),
        }
    }
}

impl From<SignError> for ApiError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::KeyRefused => Self::SessionEnded,
            error => Self::Sign(error),
        }
    }
}

impl From<NotGood> for ApiError {
    /// Which of them it is, the log says and the caller need not know.
    fn from(why: NotGood) -> Self {
        match why {
            NotGood::Malformed(_)
            | NotGood::Unknown
            | NotGood::WrongSecret
            | NotGood::Disabled
            | NotGood::Expired => Self::ServiceTokenInvalid,
            NotGood::NotAdmitted => Self::PolicyDenied { account: None },
        }
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::ApplicationGone => Self::OriginUnknown,
            Denied::UserBlocked { remaining } => Self::UserBlocked {
                retry_after: remaining.as_secs(),
            },
            Denied::SessionEnded => Self::SessionEnded,
            Denied::SignInRequired => Self::LoginRequired,
            Denied::NotAdmitted => Self::PolicyDenied { account: None },
        }
    }
}

impl ApiError {
    fn of_storage(&self) -> Option<&StorageError> {
        match self {
            Self::Storage(error) => Some(error),
            _ => None,
        }
    }

    /// The response, which says where the user of a code was going.
    pub fn respond(self, return_to: Option<String>) -> Response {
        let (status, reason) = self.status_and_reason();
        let retry_after = match self {
            Self::UserBlocked { retry_after } => Some(retry_after),
            _ => None,
        };
        let account = match &self {
            Self::PolicyDenied { account } => account.clone(),
            _ => None,
        };
        let title = Problem::<ProblemReason>::public_text(status, &self, self.of_storage());
        let problem = Problem::new(status, title, reason)
            .with_retry_after(retry_after)
            .with_account(account)
            .with_return_to(return_to);
        let mut response = problem.respond("filter", &self);
        response.extensions_mut().insert(Refused {
            // The path says which call it was.
            endpoint: Endpoint::None,
            reason: reason.as_str(),
        });
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.respond(None)
    }
}
