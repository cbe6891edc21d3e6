//! What the control service stores. [`Database`] keeps it in SQLite or PostgreSQL with one set of
//! queries; the methods of each aggregate are in a file of its name.
//!
//! A change that concerns filters takes the feed's next version in its own transaction, so what is
//! in force and what the feed says are always the same.

mod admin_tokens;
mod applications;
mod codes;
mod database;
mod device_codes;
mod feed;
mod filter_credentials;
mod fresh_sign_in;
mod grounds;
mod history;
mod proxies;
mod refreshes;
mod revocations;
mod session_ends;
mod session_list;
mod sessions;
mod signing_keys;
mod upkeep;
mod users;
mod write;

pub use admin_tokens::AdminToken;
pub use applications::ChangeError;
pub use codes::{FoundCode, IssuedAnswer, NewCode};
pub use database::{Database, OpenError};
pub use device_codes::{DeviceAnswer, NewDeviceCode, Poll, WaitingDeviceCode};
pub use feed::{Cursor, END_OF_PAGE, FeedItems, PAGE_OF_REVOCATIONS, Position};
pub use filter_credentials::FilterCredential;
pub use grounds::{ShownSignIn, TokenGrounds};
pub use history::{HistoryPage, PastRevocation};
pub use proxies::{MOST_PROXIES, Proxy, ProxyNews, ProxyStep, Step};
pub use refreshes::{AddedRefresh, IssuedToken, OldToken, RefreshView, RevokedBelow};
pub use revocations::{ApplicationRevocation, RevokedUsers, UserRevocation, Whom};
pub use session_list::{ListedSession, SessionQuery, UsedApplication};
pub use sessions::{BegunSession, NewSession, Session};
pub use signing_keys::SigningKeyRow;
pub use users::{Account, AddUserError, NewUser, User, UserPage};

/// The database did not do what was asked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It cannot be reached, is full, is locked for too long…: try again later.
    #[error("the database is not available")]
    Unavailable(#[from] sqlx::Error),
    /// A stored value cannot be read; only a person can mend that.
    #[error("the database holds a value that cannot be read")]
    Corrupt(#[from] serde_json::Error),
}

/// Numbers are signed in both databases. What does not fit is further away than any date.
fn to_db(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_db(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
