//! Why a page cannot be shown, and what people are told about it.

mod from;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::problems::Refused;
use crate::storage::StorageError;

/// What only an administrator can mend.
const TELL: &str = "Tell your administrator. Applications that you are signed in to go on working.";

/// Why a page cannot be shown.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// No page has this path.
    #[error("there is no such page")]
    NotFound,
    /// The page does not support this method.
    #[error("the page does not support this method")]
    NoSuchMethod,
    /// The link to the login page is invalid.
    #[error("the link to the login page is invalid: {}", refused.one_line())]
    BadLink {
        /// Everything that is wrong with it. People do not get to read that.
        refused: Arc<Refused>,
        /// A link that starts again, if the application is known: its target and its text.
        start_again: Option<(String, String)>,
    },
    /// The query cannot be parsed.
    #[error("the query cannot be parsed")]
    BadQuery,
    /// The form was not sent to this browser, or is too old.
    #[error("the form does not come from this browser's page")]
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
    /// Too many failed sign-ins with a provider.
    #[error("too many failed sign-ins with a provider")]
    TooManySignIns {
        /// How long to wait, in seconds.
        retry_after: u64,
    },
    /// Too many wrong user codes.
    #[error("too many wrong codes")]
    TooManyCodes {
        /// How long to wait, in seconds.
        retry_after: u64,
    },
    /// The database is not available; a retry may help.
    #[error("the database is not available: {0:?}")]
    Unavailable(Arc<StorageError>),
    /// A defect of the service or the machine.
    #[error("internal error: {0}")]
    Broken(&'static str),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Failure {
    /// The status of the page.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadLink { .. } | Self::BadQuery | Self::BadForm => StatusCode::BAD_REQUEST,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::TooManyAttempts { .. }
            | Self::TooManySignIns { .. }
            | Self::TooManyCodes { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The reason, for the metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NoSuchMethod => "no_such_method",
            Self::BadLink { .. } => "bad_link",
            Self::BadQuery => "bad_query",
            Self::ForeignForm => "foreign_form",
            Self::BadForm => "bad_form",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::TooManySignIns { .. } => "too_many_sign_ins",
            Self::TooManyCodes { .. } => "too_many_codes",
            Self::Unavailable(_) => "unavailable",
            Self::Broken(_) => "broken",
        }
    }

    /// How long to wait, in seconds, if waiting helps.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts { retry_after }
            | Self::TooManySignIns { retry_after }
            | Self::TooManyCodes { retry_after } => Some(*retry_after),
            Self::Unavailable(_) => Some(5),
            _ => None,
        }
    }

    /// The link that helps: its target and its text. An empty target is the page itself.
    pub fn link(&self) -> (String, String) {
        let (to, text) = match self {
            Self::BadLink {
                start_again: Some(link),
                ..
            } => return link.clone(),
            Self::TooManyAttempts { .. } | Self::Unavailable(_) => ("", "Try again"),
            Self::TooManyCodes { .. } => ("/device", "Type the code again"),
            _ => ("/", "Go to the start page"),
        };
        (to.to_owned(), text.to_owned())
    }

    /// What a user can report to an administrator: the reason, and the fields that are wrong.
    pub fn shown_reason(&self) -> Option<String> {
        let Self::BadLink { refused, .. } = self else {
            return None;
        };
        let paths: Vec<&str> = refused.0.iter().map(|one| one.path.as_str()).collect();
        Some(format!("{} ({})", self.reason(), paths.join(", ")))
    }

    /// The page's title and paragraphs.
    pub fn message(&self) -> (&'static str, Vec<String>) {
        let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect();
        match self {
            Self::NotFound => (
                "Page not found",
                lines(&["The address may be misspelt, or the link out of date."]),
            ),
            Self::NoSuchMethod => (
                "This page does not support that",
                lines(&["Go back and try again from the previous page."]),
            ),
            Self::BadQuery | Self::BadLink { .. } => (
                "This link does not work",
                lines(&[
                    "The link that led here is incomplete or out of date, perhaps an old bookmark.",
                    "Nothing is wrong with your account. Start again from the application itself.",
                ]),
            ),
            Self::ForeignForm => (
                "Please try again",
                lines(&[
                    "This form was open for too long, or it did not come from this page. \
                     Nothing was changed.",
                    "If this happens again, allow cookies for this site.",
                ]),
            ),
            Self::BadForm => (
                "The form is incomplete",
                lines(&["Go back and fill in the form."]),
            ),
            Self::TooManyAttempts { .. } => (
                "Too many attempts",
                lines(&[
                    "Too many passwords were wrong, so none is checked for a while.",
                    "If you have signed in on another device or in another network before, you may \
                         not have to wait there.",
                ]),
            ),
            Self::TooManySignIns { .. } => (
                "Too many attempts",
                lines(&[
                    "Too many sign-ins from your network have failed. Try again after a while.",
                ]),
            ),
            Self::TooManyCodes { .. } => (
                "Too many wrong codes",
                lines(&["Check the code in your terminal, and type it again after a while."]),
            ),
            Self::Unavailable(error) => ("Not available right now", unavailable(error)),
            Self::Broken(_) => (
                "Something went wrong",
                lines(&[
                    "This is not your fault. Try again. If it happens again, tell your \
                         administrator the time at which it happened.",
                ]),
            ),
        }
    }
}

fn unavailable(error: &StorageError) -> Vec<String> {
    match error.public_text() {
        Some(text) => vec![
            format!("Signing in is not possible: {text}."),
            TELL.to_owned(),
        ],
        None => {
            vec!["This service is not available at the moment. Nothing was changed.".to_owned()]
        }
    }
}
