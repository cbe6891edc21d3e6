//! Removing applications that were added on the command line.

use portcullis::protocol::feed::Subject;
use portcullis::time::UnixSeconds;

use super::error::ChangeError;
use super::events;
use super::places::{TakeOver, check_taken_over};
use super::rows::{Columns, from_columns};
use crate::applications::neighbours::TakenOver;
use crate::audit::Initiator;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;

/// An application that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedApplication {
    /// Its audience, which no application gets again.
    pub audience: String,
    /// The version of the feed with which it is gone.
    pub version: u64,
    /// The hostnames that wildcards have from now on.
    pub taken_over: Vec<TakenOver>,
}

impl Database {
    /// Deletes an application and everything that was issued for it, and revokes its tokens until
    /// `until`. Its name and places are free again; an application that gets them has another
    /// audience. With [`TakeOver::Refused`] no wildcard gets its hostnames.
    pub async fn remove_application(
        &self,
        (name, audience): (&str, Option<&str>),
        until: UnixSeconds,
        take_over: TakeOver,
        by: &Initiator,
    ) -> Result<RemovedApplication, ChangeError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let found: Option<Columns> = sqlx::query_as(
            "SELECT audience, declared, definition FROM applications \
             WHERE name = $1 AND gone = 0 AND ($2 = '' OR audience = $2)",
        )
        .bind(name)
        .bind(audience.unwrap_or_default())
        .fetch_optional(write.connection())
        .await
        .map_err(StorageError::from)?;
        let removed = match found.map(from_columns).transpose()? {
            None => return Err(ChangeError::Unknown),
            Some(found) if found.declared => return Err(ChangeError::Declared),
            Some(found) => found,
        };
        let audience = removed.audience.clone();
        let taken_over = check_taken_over(&mut write, &audience, None, take_over).await?;
        // Deletes its places and codes too (foreign keys).
        sqlx::query("DELETE FROM applications WHERE audience = $1")
            .bind(&audience)
            .execute(write.connection())
            .await
            .map_err(StorageError::from)?;
        write.publish_application_gone(&audience).await?;
        let subject = Subject::Application(audience.clone());
        write.revoke(subject, until).await?;
        let version = write.version().await?;
        write.commit(events::removed(by, &removed, version)).await?;
        Ok(RemovedApplication {
            audience,
            version,
            taken_over,
        })
    }
}
