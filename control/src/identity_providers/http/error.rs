//! Why a call to a provider fails.

use std::error::Error;
use std::time::Duration;

use super::reach::Forbidden;

/// For everything from the first connection to the last byte, redirects included.
pub const LIMIT: Duration = Duration::from_secs(5);
pub const MAX_REDIRECTS: usize = 3;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// There is no connection, or it broke.
    #[error("cannot be reached: {reason}")]
    Unreachable {
        /// What this machine says about it.
        reason: String,
    },
    /// It took too long.
    #[error("did not answer within {} s", LIMIT.as_secs())]
    Slow,
    /// It failed, or refused.
    #[error("answered with status {0}")]
    Status(u16),
    /// The body is too large.
    #[error("answered with more than {limit} bytes")]
    TooLarge {
        /// How large it may be.
        limit: usize,
    },
    /// The body is no JSON object with the expected fields.
    #[error("answered with something that is no JSON of the expected form")]
    Form,
    /// It leads to where the provider may not lead.
    #[error(
        "leads to an address of this machine or of a private network, in which the issuer is not"
    )]
    Address,
    /// A redirect to a URL that may not be called.
    #[error("redirects to a URL that {0}")]
    Redirect(&'static str),
    /// Too many redirects.
    #[error("redirects more than {MAX_REDIRECTS} times")]
    Redirects,
}

impl HttpError {
    /// Whether the provider may just be away, and the same call succeed later.
    #[must_use]
    pub fn is_away(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Slow => true,
            Self::Status(status) => *status >= 500 || *status == 429,
            Self::TooLarge { .. }
            | Self::Form
            | Self::Address
            | Self::Redirect(_)
            | Self::Redirects => false,
        }
    }
}

/// What an error of the HTTP library means.
pub fn failure(error: &reqwest::Error) -> HttpError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<Forbidden>() {
            return HttpError::Address;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return HttpError::Slow;
    }
    HttpError::Unreachable {
        reason: causes(error),
    }
}

/// The causes of an error, without its own text, which holds the URL.
pub fn causes(error: &reqwest::Error) -> String {
    let mut reasons = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        reasons.push(error.to_string());
        cause = error.source();
    }
    if reasons.is_empty() {
        "the connection failed".to_owned()
    } else {
        reasons.join(": ")
    }
}
