//! What the control service stores. [`Database`] keeps it in SQLite or PostgreSQL with one set of
//! queries; the methods of each aggregate are in a file of its name.
//!
//! A change that concerns filters takes the feed's next version in its own transaction, so what is
//! in force and what the feed says are always the same.

mod access_groups;
mod applications;
mod audit;
mod backup;
mod database;
mod eligibility;
mod feed;
mod idempotency;
mod identities;
mod provider_events;
mod proxies;
mod reseal;
mod restore;
mod revocations;
mod sent_forms;
mod sessions;
mod tokens;
mod upkeep;
mod users;

pub use access_groups::error::{AccessGroupError, MOST_ACCESS_GROUPS};
pub use access_groups::rows::StoredAccessGroup;
pub use access_groups::{DeclaredAccessGroups, ExpectedGroup};
pub use applications::policies::PolicyCheck;
pub use applications::{ChangeError, RemovedApplication, TakeOver};
pub use audit::filter::{AuditField, AuditFilter};
pub use audit::list::{AuditQuery, Order};
pub use audit::reach::{AuditReach, READ_AT_ONCE};
pub use audit::row::{Party, StoredEvent};
pub use audit::sign_ins::{Day, KEPT_DAYS, SignIns};
pub use backup::{BackupError, copy_sqlite, note_backup};
pub use database::Database;
pub use database::continuity::{Continuity, Lost, REPLACED};
pub use database::copies::is_unrestored_copy;
pub use database::error::{CorruptValue, StorageError, Trouble, error_counts};
pub use database::stats::DatabaseStats;
pub use database::url::OpenError;
pub use eligibility::{EligibilityFacts, EligibilityQuery, UserStanding};
pub use feed::{Cursor, END_OF_PAGE, FeedItems, PAGE_OF_REVOCATIONS, Position};
pub use idempotency::{KeyedCall, SentCall};
pub use identities::{
    CheckOutcome, Checked, CheckedPerson, ClaimedSession, DueRechecks, IdentityEmail, IdentityUser,
    SignOutHint, SignedInIdentity,
};
pub use provider_events::{
    EndedByProvider, ProviderReport, ReportId, ReportOutcome, ReportedPerson, ReportedSession,
};
pub use proxies::{MOST_PROXIES, NodeProcess, Proxy, ProxyStep, ProxyUpdate, Step};
pub use restore::Restore;
pub use revocations::every::EverySession;
pub use revocations::fresh::DemandedSignIns;
pub use revocations::history::{HistoryPage, PastRevocation};
pub use revocations::of_token::RevokedBelow;
pub use revocations::several::RevokedEach;
pub use revocations::{
    ApplicationRevocation, EndedSessions, RevokedUsers, UserRevocation, UserSelector,
};
pub use sent_forms::SentForm;
pub use sessions::list::{ListedSession, SessionQuery, UsedApplication};
pub use sessions::people::{KnownPerson, WhichPeople};
pub use sessions::provided::Provided;
pub use sessions::{BegunSession, NewSession, Session, ShownSignIn};
pub use tokens::admin_tokens::AdminToken;
pub use tokens::device_codes::{DeviceAnswer, NewDeviceCode, Poll, WaitingDeviceCode};
pub use tokens::exchange_codes::{FoundCode, IssuedAnswer, NewCode};
pub use tokens::filter_credentials::{FilterCredential, RevokedCredential};
pub use tokens::refreshes::{AddedRefresh, FoundRefresh, IssuedToken, OldToken};
pub use tokens::service_tokens::{
    AddServiceTokenError, OldSecret, RotatedServiceToken, Rotation, ServiceFacts, ServiceToken,
    ServiceTokenEnd,
};
pub use tokens::signing_keys::{
    KeyMaterial, KeyRevision, MOST_KEYS, PlainKey, PublishedKey, RefusedKey, SealingError,
    StoredKey, StoredKeys,
};
pub use upkeep::clock::LongestLeft;
pub use users::{
    AddUserError, ChangedRole, EnabledUsers, ListedUser, NewUser, PasswordAccount, PasswordChange,
    PasswordSet, RoleError, User, UserListQuery, UserPage, UserSearch, WaysIn, WhichUsers,
    words_of,
};
