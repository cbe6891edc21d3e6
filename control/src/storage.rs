//! What the control service remembers, as a trait for each aggregate; [`Database`] keeps all of
//! them in SQLite or PostgreSQL with one set of queries.
//!
//! Every change that filters must learn of takes the next version of the feed in its own
//! transaction, so that nothing is in force that the feed does not tell, and the reverse.

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

pub use admin_tokens::{AdminToken, AdminTokens};
pub use applications::{Applications, ChangeError};
pub use codes::{Codes, FoundCode, IssuedAnswer, NewCode};
pub use database::{Database, OpenError};
pub use device_codes::{DeviceAnswer, DeviceCodes, NewDeviceCode, Poll, WaitingDeviceCode};
pub use feed::{Cursor, END_OF_PAGE, Feed, FeedItems, PAGE_OF_REVOCATIONS, Position};
pub use filter_credentials::{FilterCredential, FilterCredentials};
pub use grounds::{Grounds, ShownSignIn, TokenGrounds};
pub use history::{History, HistoryPage, PastRevocation};
pub use proxies::{MOST_PROXIES, Proxies, Proxy, ProxyNews, ProxyStep, Step};
pub use refreshes::{AddedRefresh, IssuedToken, OldToken, RefreshView, Refreshes, RevokedBelow};
pub use revocations::{ApplicationRevocation, Revocations, RevokedUsers, UserRevocation, Whom};
pub use session_list::{ListedSession, SessionList, SessionQuery, UsedApplication};
pub use sessions::{BegunSession, NewSession, Session, Sessions};
pub use signing_keys::{SigningKeyRow, SigningKeys};
pub use upkeep::Upkeep;
pub use users::{Account, AddUserError, NewUser, User, UserPage, Users};

/// Everything that is stored.
pub trait Storage:
    AdminTokens
    + Applications
    + Codes
    + DeviceCodes
    + Feed
    + FilterCredentials
    + Grounds
    + History
    + Proxies
    + Refreshes
    + Revocations
    + SessionList
    + Sessions
    + SigningKeys
    + Upkeep
    + Users
{
}

impl Storage for Database {}

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
