//! A transaction that writes. Everything that it publishes in the feed has one version, which it
//! takes when it publishes for the first time.

use portcullis::protocol::feed::{FeedApplication, Revocation, Scope, Subject};
use portcullis::time::UnixSeconds;
use serde::Serialize;
use sqlx::any::Any;
use sqlx::{AnyConnection, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use crate::audit::Event;
use crate::storage::audit::Unaudited;
use crate::storage::audit::insert::insert;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::continuity::Continuity;
use crate::storage::database::error::{StorageError, Trouble};
use crate::storage::database::stats::{RevocationCounters, Timer};

/// A transaction that writes. Without [`Write::commit`], [`Write::commit_noted`] or
/// [`Write::commit_unaudited`] it changes nothing: so no change is stored without its event, or a reason
/// why it has none.
pub(in crate::storage) struct Write {
    // Dropped in this order: the next writer begins when the transaction has ended.
    transaction: Transaction<'static, Any>,
    _turn: Turn,
    notes: Notes,
    revoked: Vec<Scope>,
    events: Vec<Event>,
    version: Option<i64>,
    position: i64,
}

/// What a transaction tells of itself when it has committed.
pub(super) struct Notes {
    pub(super) revocations: RevocationCounters,
    pub(super) continuity: Continuity,
    /// Whether the database is SQLite.
    pub(super) is_sqlite: bool,
}

/// The turn to write, and how long it is held.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
    _held: Timer,
}

impl Turn {
    pub(super) fn new(permit: OwnedSemaphorePermit, held: Timer) -> Self {
        Self {
            _permit: permit,
            _held: held,
        }
    }
}

impl Write {
    pub(super) fn new(transaction: Transaction<'static, Any>, turn: Turn, notes: Notes) -> Self {
        Self {
            transaction,
            _turn: turn,
            notes,
            revoked: Vec::new(),
            events: Vec::new(),
            version: None,
            position: 0,
        }
    }

    /// For queries inside the transaction.
    pub(in crate::storage) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// Waits until no other transaction publishes, and keeps others from publishing until this one
    /// ends: what is read after this does not change.
    pub(in crate::storage) async fn lock(&mut self) -> Result<(), StorageError> {
        sqlx::query("UPDATE feed_state SET version = version WHERE only_row = 1")
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// The version of the feed as of now, which is no version of this transaction.
    pub(in crate::storage) async fn version_now(&mut self) -> Result<i64, StorageError> {
        let (version,) = sqlx::query_as("SELECT version FROM feed_state WHERE only_row = 1")
            .fetch_one(self.connection())
            .await?;
        Ok(version)
    }

    /// This transaction's version. Taking it locks the counter's row until the commit, so versions
    /// have no gaps and follow the order of commits, on both databases.
    pub(in crate::storage) async fn version(&mut self) -> Result<u64, StorageError> {
        if let Some(version) = self.version {
            return Ok(from_db(version));
        }
        let seen = self.notes.continuity.seen();
        let (version,): (i64,) = sqlx::query_as(
            "UPDATE feed_state SET version = version + 1 WHERE only_row = 1 RETURNING version",
        )
        .fetch_one(self.connection())
        .await?;
        // What was seen had been committed, and this version follows it. If it does not, tokens may
        // be newer than this version, so a revocation with it would refuse too few.
        self.notes.continuity.follows(seen, from_db(version))?;
        self.version = Some(version);
        Ok(from_db(version))
    }

    /// Publishes that the set of signing keys changed.
    pub(in crate::storage) async fn publish_keys(&mut self) -> Result<(), StorageError> {
        self.publish("keys", None, &()).await
    }

    /// Publishes a new or changed application.
    pub(in crate::storage) async fn publish_application(
        &mut self,
        application: &FeedApplication,
    ) -> Result<(), StorageError> {
        self.publish("application", Some(&application.audience), application)
            .await
    }

    /// Publishes that an application is gone.
    pub(in crate::storage) async fn publish_application_gone(
        &mut self,
        audience: &str,
    ) -> Result<(), StorageError> {
        self.publish("application_gone", Some(audience), &audience)
            .await
    }

    /// Stores and publishes a revocation: the subject's tokens below this transaction's version are
    /// refused.
    pub(in crate::storage) async fn revoke(
        &mut self,
        subject: Subject,
        until: UnixSeconds,
    ) -> Result<(), StorageError> {
        self.revoke_as(subject, until, false).await
    }

    /// As [`Self::revoke`]; with `fresh` the version of the sign-in is compared, not the token's. A
    /// fresh revocation and a plain one of the same subject are independent.
    pub(in crate::storage) async fn revoke_as(
        &mut self,
        subject: Subject,
        until: UnixSeconds,
        fresh: bool,
    ) -> Result<(), StorageError> {
        let version = self.version().await?;
        let (id, audience) = subject.ids();
        sqlx::query(
            "INSERT INTO revocations (scope, subject, audience, version, fresh, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (scope, subject, audience, fresh) DO UPDATE SET \
             version = excluded.version, \
             expires_at = CASE WHEN revocations.expires_at > excluded.expires_at \
             THEN revocations.expires_at ELSE excluded.expires_at END",
        )
        .bind(subject.scope().as_str())
        .bind(id)
        .bind(audience.map_or("", String::as_str))
        .bind(to_db(version))
        .bind(i64::from(fresh))
        .bind(to_db(until))
        .execute(self.connection())
        .await?;
        self.revoked.push(subject.scope());
        let audience = subject.audience().cloned();
        let revocation = Revocation {
            subject,
            version,
            fresh,
            until,
        };
        self.publish("revocation", audience.as_deref(), &revocation)
            .await
    }

    /// Notes an event of this transaction, which is stored with those of the commit.
    pub(in crate::storage) fn note(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The same for several.
    pub(in crate::storage) fn note_all(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    /// Commits, with the events that tell what was done: one at least, or it does not compile. Returns
    /// the version, if one was taken.
    pub(in crate::storage) async fn commit<const N: usize>(
        mut self,
        events: [Event; N],
    ) -> Result<Option<u64>, StorageError> {
        const { assert!(N > 0, "say by `Unaudited` why there is no event") };
        self.events.extend(events);
        self.finish().await
    }

    /// Commits, with the events that were noted. If there are none, it is for the given reason. Returns
    /// the version, if one was taken.
    pub(in crate::storage) async fn commit_noted(
        self,
        _why_none: Unaudited,
    ) -> Result<Option<u64>, StorageError> {
        self.finish().await
    }

    /// Commits what is no event. Returns the version, if one was taken.
    pub(in crate::storage) async fn commit_unaudited(
        self,
        _why: Unaudited,
    ) -> Result<Option<u64>, StorageError> {
        self.finish().await
    }

    async fn finish(mut self) -> Result<Option<u64>, StorageError> {
        self.notes.continuity.check()?;
        let is_sqlite = self.notes.is_sqlite;
        insert(&mut self.transaction, is_sqlite, &self.events).await?;
        self.transaction.commit().await?;
        if let Some(version) = self.version {
            Trouble::is_over();
            let version = from_db(version);
            self.notes.continuity.observe(version, version)?;
        }
        for scope in self.revoked {
            self.notes
                .revocations
                .get_or_create(&[("scope", scope.as_str())])
                .inc();
        }
        Ok(self.version.map(from_db))
    }

    async fn publish(
        &mut self,
        item: &str,
        audience: Option<&str>,
        body: &(impl Serialize + Sync),
    ) -> Result<(), StorageError> {
        let version = self.version().await?;
        let body = serde_json::to_string(body)?;
        let position = self.position;
        self.position += 1;
        sqlx::query(
            "INSERT INTO feed_log (version, position, item, audience, body) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(to_db(version))
        .bind(position)
        .bind(item)
        .bind(audience)
        .bind(body)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
