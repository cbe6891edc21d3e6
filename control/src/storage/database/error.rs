//! What can go wrong in the database.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use portcullis::protocol::feed::UnknownScope;
use sqlx::error::ErrorKind;

/// How many errors there were since the process started. Not part of any object: an error is made
/// by `?`, where no object is at hand.
static UNAVAILABLE: AtomicU64 = AtomicU64::new(0);
static CORRUPT: AtomicU64 = AtomicU64::new(0);
/// Whether a write has ever failed.
static EVER: AtomicBool = AtomicBool::new(false);
/// Why the last write failed, as [`Trouble`]; 0 if it did not.
static TROUBLE: AtomicU8 = AtomicU8::new(0);

/// The database did not do what was asked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It cannot be reached, or is locked for too long: try again later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// It can be read and not written.
    #[error("{trouble}")]
    Unwritable {
        /// Why.
        trouble: Trouble,
        /// What the driver says.
        source: sqlx::Error,
    },
    /// It is older than what was seen of it ([`super::continuity`]).
    #[error(
        "the database went back to an older version, in which revocations are missing: nothing is \
         changed or served before `portcullis-control restore`"
    )]
    WentBack,
    /// A stored value cannot be read; only a person can repair that.
    #[error("the database holds a value that cannot be read")]
    Corrupt(#[source] CorruptValue),
}

/// Why the database cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Its disk is full.
    #[error("the disk of the database is full: make room on it")]
    Full,
    /// It is read-only, or its disk fails.
    #[error("the database cannot be written: it is read-only, or its disk fails")]
    ReadOnly,
}

/// A value that this version of the service does not understand.
#[derive(Debug, thiserror::Error)]
pub enum CorruptValue {
    /// Not the JSON that belongs there.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A revocation whose scope is unknown.
    #[error(transparent)]
    Scope(#[from] UnknownScope),
    /// A revocation whose ids or numbers are not what its scope has.
    #[error("a revocation with ids or numbers that cannot be read")]
    Revocation,
    /// A signing key of an unknown state or algorithm, one that is not a key, or none that signs.
    #[error("a signing key that cannot be read, or none that signs")]
    SigningKey,
    /// A role of a user that is none.
    #[error("a role that is unknown")]
    Role,
    /// An entry of the feed's log that is neither keys, an application nor a revocation.
    #[error("an entry of an unknown kind in the feed's log")]
    LogItem,
}

/// [`StorageError::WentBack`], as the driver's error.
#[derive(Debug, thiserror::Error)]
#[error("the database went back to an older version")]
pub(super) struct GoneBack;

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(&error, sqlx::Error::Configuration(source) if source.is::<GoneBack>()) {
            return Self::WentBack;
        }
        if !is_violation(&error) {
            UNAVAILABLE.fetch_add(1, Ordering::Relaxed);
        }
        match Trouble::of(&error) {
            Some(trouble) => {
                EVER.store(true, Ordering::Relaxed);
                // Logged once for each outage, beside what failed.
                if TROUBLE.swap(trouble.number(), Ordering::Relaxed) != trouble.number() {
                    tracing::error!(%error, "{trouble}");
                }
                let source = error;
                Self::Unwritable { trouble, source }
            }
            None => Self::Unavailable(error),
        }
    }
}

impl From<CorruptValue> for StorageError {
    fn from(error: CorruptValue) -> Self {
        CORRUPT.fetch_add(1, Ordering::Relaxed);
        Self::Corrupt(error)
    }
}

impl From<serde_json::Error> for StorageError {
    fn from(error: serde_json::Error) -> Self {
        CorruptValue::from(error).into()
    }
}

impl From<UnknownScope> for StorageError {
    fn from(error: UnknownScope) -> Self {
        CorruptValue::from(error).into()
    }
}

impl StorageError {
    /// Other transactions keep writing the same row.
    pub(in crate::storage) fn contended() -> Self {
        let text = "other transactions keep writing the same row";
        sqlx::Error::Protocol(text.to_owned()).into()
    }

    /// What the caller of an API or the reader of a page may know about it.
    #[must_use]
    pub fn public_text(&self) -> Option<&'static str> {
        match self {
            Self::Unwritable {
                trouble: Trouble::Full,
                ..
            } => Some("the disk of the control service is full, so nothing was changed"),
            Self::Unwritable {
                trouble: Trouble::ReadOnly,
                ..
            } => Some("the control service cannot write its database, so nothing was changed"),
            Self::WentBack => Some("the control service stops: its database is an older one"),
            Self::Unavailable(_) | Self::Corrupt(_) => None,
        }
    }
}

impl Trouble {
    const ALL: [Self; 2] = [Self::Full, Self::ReadOnly];

    /// Why the last write failed; `None` if one has succeeded since.
    #[must_use]
    pub fn now() -> Option<Self> {
        let number = TROUBLE.load(Ordering::Relaxed);
        Self::ALL.into_iter().find(|one| one.number() == number)
    }

    /// Whether a write has ever failed.
    pub(super) fn was_ever() -> bool {
        EVER.load(Ordering::Relaxed)
    }

    /// Notes that a write succeeded.
    pub(super) fn is_over() {
        TROUBLE.store(0, Ordering::Relaxed);
    }

    fn number(self) -> u8 {
        match self {
            Self::Full => 1,
            Self::ReadOnly => 2,
        }
    }

    fn of(error: &sqlx::Error) -> Option<Self> {
        let code = error.as_database_error()?.code()?;
        match &*code {
            // PostgreSQL: disk_full, read_only_sql_transaction.
            "53100" => Some(Self::Full),
            "25006" => Some(Self::ReadOnly),
            // SQLite's codes are shorter. The lowest byte is the kind of the error.
            sqlite if sqlite.len() < 5 => Self::of_sqlite(sqlite.parse().ok()?),
            _ => None,
        }
    }

    fn of_sqlite(code: u32) -> Option<Self> {
        /// What follows `SQLITE_IOERR` where a write, a flush or a change of a file's length failed.
        const WRITES: [u32; 6] = [3, 4, 5, 6, 18, 19];
        match (code & 0xff, code >> 8) {
            (13, _) => Some(Self::Full),
            (8, _) => Some(Self::ReadOnly),
            (10, failed) if WRITES.contains(&failed) => Some(Self::ReadOnly),
            _ => None,
        }
    }
}

/// Whether a constraint was violated: callers expect that, where two changes race.
fn is_violation(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| !matches!(error.kind(), ErrorKind::Other))
}

/// How many errors of the database this process met, by kind.
pub fn error_counts() -> [(&'static str, u64); 2] {
    [("unavailable", &UNAVAILABLE), ("corrupt", &CORRUPT)]
        .map(|(kind, count)| (kind, count.load(Ordering::Relaxed)))
}
