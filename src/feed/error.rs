//! Why a poll or a page changed nothing.

use std::fmt;

use super::worker_group::SharedDataError;
use crate::application::{ApplicationError, TableError};
use crate::session::keys::KeyError;

/// Why a poll brought nothing, or a page was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedError {
    /// The page is not valid JSON of the expected form. Holds the position and the kind of the
    /// error, never the page's content.
    Malformed(String),
    /// No answer in time, or no connection.
    Unreachable,
    /// A status other than 200 and 204.
    Status(u16),
    /// A delta of another epoch, or one that does not start at the version held.
    DoesNotFollow,
    /// The page is older than what is held.
    Older,
    /// The pages of a snapshot contradict each other, or never end.
    SnapshotBroken,
    /// A part of the page exceeds a limit that no control service reaches. Names the part.
    OutOfBounds(&'static str),
    /// The feed holds more revocations than `max_revocations`, which is this number.
    TooManyRevocations(usize),
    /// A snapshot without keys, or a key set of which no key can be used.
    NoKeys,
    /// A key that cannot be read.
    Key(KeyError),
    /// An application that cannot be enforced.
    Application(ApplicationError),
    /// Two applications in one place.
    Table(TableError),
    /// The shared data of the worker group could not be read or written.
    Shared(SharedDataError),
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the page cannot be read: {what}"),
            Self::Unreachable => f.write_str("the control service did not answer"),
            Self::Status(401) => {
                f.write_str("the control service rejects the filter credential (status 401)")
            }
            Self::Status(status) => write!(f, "the control service answered with status {status}"),
            Self::DoesNotFollow => f.write_str("the page does not start at the version held"),
            Self::Older => f.write_str("the page is older than what is held"),
            Self::SnapshotBroken => f.write_str("the snapshot's pages do not fit together"),
            Self::OutOfBounds(what) => write!(f, "the page exceeds a limit: {what}"),
            Self::TooManyRevocations(most) => write!(
                f,
                "there are more revocations than max_revocations, which is {most}: the filter \
                 applies no further page until the limit is raised"
            ),
            Self::NoKeys => f.write_str("the page brings no usable key"),
            Self::Key(KeyError(kid)) => write!(f, "key {kid:?} cannot be used"),
            Self::Application(error) => {
                write!(f, "application {:?}: {}", error.audience, error.problem)
            }
            Self::Table(error) => write!(
                f,
                "two applications at {}{}",
                error.origin, error.path_prefix
            ),
            Self::Shared(error) => write!(f, "{error}: this worker polls for itself"),
        }
    }
}

impl std::error::Error for FeedError {}
