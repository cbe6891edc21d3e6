//! Why there is no page: what failed, and what people are told of it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::problems::Refused;
use crate::sign_in::passwords::PasswordError;
use crate::storage::StorageError;
use crate::system::randomness::NoRandomness;
use crate::tokens::exchange_codes::IssueCodeError;

/// Why there is no page.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// No page has this path.
    #[error("there is no such page")]
    NotFound,
    /// The page does not take this method.
    #[error("the page does not take this method")]
    NoSuchMethod,
    /// The link that led here is not right.
    #[error("{0}")]
    BadLink(Arc<Refused>),
    /// The query cannot be read at all.
    #[error("the query cannot be read")]
    BadQuery,
    /// The form is not one that we sent to this browser, or too old.
    #[error("the form did not come from this browser's page")]
    ForeignForm,
    /// The form lacks fields.
    #[error("the form is incomplete")]
    BadForm,
    /// Too many failed sign-ins.
    #[error("too many failed sign-ins")]
    TooManyAttempts {
        /// How long to wait, in seconds.
        retry_after: u64,
    },
    /// Too many user codes that were none.
    #[error("too many wrong codes")]
    TooManyCodes {
        /// How long to wait, in seconds.
        retry_after: u64,
    },
    /// The database is away: worth trying again.
    #[error("the database is not available: {0:?}")]
    Unavailable(Arc<StorageError>),
    /// A defect, here or in the machine.
    #[error("something broke: {0}")]
    Broken(&'static str),
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

impl From<NoRandomness> for Failure {
    fn from(_: NoRandomness) -> Self {
        Self::Broken("no randomness")
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::TooManyAttempts { retry_after: 2 },
            _ => Self::Broken("a password could not be hashed"),
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(_: askama::Error) -> Self {
        Self::Broken("a page could not be filled")
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        Self::Broken("a token could not be written")
    }
}

impl From<IssueCodeError> for Failure {
    fn from(error: IssueCodeError) -> Self {
        match error {
            IssueCodeError::Storage(error) => error.into(),
            IssueCodeError::Randomness(error) => error.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Failure {
    /// The status of the page that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadLink(_) | Self::BadQuery | Self::BadForm => StatusCode::BAD_REQUEST,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::TooManyAttempts { .. } | Self::TooManyCodes { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// How long to wait, in seconds, where waiting helps.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts { retry_after } | Self::TooManyCodes { retry_after } => {
                Some(*retry_after)
            }
            Self::Unavailable(_) => Some(5),
            _ => None,
        }
    }

    /// The page's title and paragraphs.
    pub fn message(&self) -> (&'static str, Vec<String>) {
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect();
        match self {
            Self::NotFound => (
                "There is no such page",
                lines(&["The address may be misspelt, or the link old."]),
            ),
            Self::NoSuchMethod => (
                "This page cannot do that",
                lines(&["Go back and try again from the page that led here."]),
            ),
            Self::BadQuery => (
                "This link does not work",
                lines(&["Open the application itself and try again."]),
            ),
            Self::BadLink(refused) => {
                let mut paragraphs: Vec<String> = lines(&[
                    "You cannot be signed in from here: the link that led to this page is not \
                     right. Open the application itself and try again.",
                ]);
                paragraphs.extend(refused.0.iter().map(ToString::to_string));
                ("This link does not work", paragraphs)
            }
            Self::ForeignForm => (
                "Please try again",
                lines(&[
                    "This form was open for too long, or it did not come from this page. \
                     Nothing was done.",
                    "If this happens again, allow cookies for this site.",
                ]),
            ),
            Self::BadForm => (
                "Something is missing",
                lines(&["Go back and fill in the form."]),
            ),
            Self::TooManyAttempts { retry_after } => (
                "Too many attempts",
                vec![format!(
                    "Signing in failed too often. Wait {retry_after} seconds, then try again."
                )],
            ),
            Self::TooManyCodes { retry_after } => (
                "Too many wrong codes",
                vec![format!(
                    "Wait {retry_after} seconds, then look at the code again and type it in."
                )],
            ),
            Self::Unavailable(_) => (
                "Not available right now",
                lines(&[
                    "Sign-in is not available at the moment. Nothing was changed. \
                         Try again in a few seconds.",
                ]),
            ),
            Self::Broken(_) => (
                "Something went wrong",
                lines(&[
                    "This is not your fault. Try again; if it happens again, tell your \
                         administrator when it happened.",
                ]),
            ),
        }
    }
}
