//! What the control service stores. [`Database`] keeps it in SQLite or PostgreSQL with one set of
//! queries; the methods of each aggregate are in a file of its name.
//!
//! A change that concerns filters takes the feed's next version in its own transaction, so what is
//! in force and what the feed says are always the same.

mod admin_tokens;
mod applications;
mod columns;
mod database;
mod device_codes;
mod eligibility;
mod error;
mod exchange_codes;
mod feed;
mod filter_credentials;
mod history;
mod proxies;
mod refreshes;
mod revocations;
mod session_ends;
mod session_list;
mod session_use;
mod sessions;
mod signing_keys;
mod token_revocations;
mod upkeep;
mod users;
mod write;

pub use admin_tokens::AdminToken;
pub use applications::ChangeError;
pub use database::{Database, OpenError};
pub use device_codes::{DeviceAnswer, NewDeviceCode, Poll, WaitingDeviceCode};
pub use eligibility::{EligibilityFacts, EligibilityQuery, UserStanding};
pub use error::{CorruptValue, StorageError};
pub use exchange_codes::{FoundCode, IssuedAnswer, NewCode};
pub use feed::{Cursor, END_OF_PAGE, FeedItems, PAGE_OF_REVOCATIONS, Position};
pub use filter_credentials::FilterCredential;
pub use history::{HistoryPage, PastRevocation};
pub use proxies::{MOST_PROXIES, Proxy, ProxyNews, ProxyStep, Step};
pub use refreshes::{AddedRefresh, FoundRefresh, IssuedToken, OldToken};
pub use revocations::{ApplicationRevocation, RevokedUsers, UserRevocation, Whom};
pub use session_list::{ListedSession, SessionQuery, UsedApplication};
pub use sessions::{BegunSession, NewSession, Session, ShownSignIn};
pub use signing_keys::SigningKeyRow;
pub use token_revocations::RevokedBelow;
pub use users::{Account, AddUserError, NewUser, User, UserPage};
