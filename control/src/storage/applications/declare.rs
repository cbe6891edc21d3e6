//! Makes the stored applications equal to the declared ones, in one transaction.
//!
//! A name keeps its audience, also when it leaves the configuration file and returns. A revocation
//! then refuses the tokens from before.

use portcullis::protocol::feed::Subject;
use portcullis::time::UnixSeconds;

use super::error::ChangeError;
use super::events;
use super::places::{leave_places, take_places};
use super::rows::{Columns, SELECT_ALL, from_columns, insert, to_json};
use crate::applications::Application;
use crate::audit::Initiator;
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

impl Database {
    /// Makes the stored applications equal to the declared ones. Each comes with the audience that
    /// it gets if its name has none yet. Those that are no longer declared are revoked until
    /// `until`. Returns the version that publishes it, or `None` if nothing changed.
    pub async fn declare(
        &self,
        declared: &[Application],
        until: UnixSeconds,
        by: &Initiator,
    ) -> Result<Option<u64>, ChangeError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let stored: Vec<Columns> = sqlx::query_as(SELECT_ALL)
            .fetch_all(write.connection())
            .await
            .map_err(StorageError::from)?;
        let stored: Vec<Application> = stored
            .into_iter()
            .map(from_columns)
            .collect::<Result<_, _>>()?;
        let named = |list: &[Application], name: &str| {
            list.iter().find(|one| one.definition.name == name).cloned()
        };
        for old in stored.iter().filter(|old| old.declared) {
            match named(declared, &old.definition.name) {
                None => {
                    remove(&mut write, &old.audience, until).await?;
                    let version = write.version().await?;
                    write.note_all(events::removed(by, old, version));
                }
                // Places are freed first and taken later, so that two applications can swap them.
                Some(new) if new.definition != old.definition => {
                    leave_places(&mut write, &old.audience).await?;
                }
                Some(_) => {}
            }
        }
        for new in declared {
            match named(&stored, &new.definition.name) {
                Some(old) if old.declared && old.definition == new.definition => {}
                Some(old) => {
                    let new = replace(&mut write, &old.audience, new).await?;
                    write.note_all(events::changed(by, Some(&old.definition), &new));
                }
                None => add(&mut write, new, by).await?,
            }
        }
        Ok(write.commit_noted(Unaudited::Nothing).await?)
    }
}

async fn remove(write: &mut Write, audience: &str, until: UnixSeconds) -> Result<(), ChangeError> {
    sqlx::query("UPDATE applications SET gone = 1 WHERE audience = $1")
        .bind(audience)
        .execute(write.connection())
        .await
        .map_err(StorageError::from)?;
    leave_places(write, audience).await?;
    write.publish_application_gone(audience).await?;
    write
        .revoke(Subject::Application(audience.to_owned()), until)
        .await?;
    Ok(())
}

/// A new name, or one that was declared before.
pub(super) async fn add(
    write: &mut Write,
    new: &Application,
    by: &Initiator,
) -> Result<(), ChangeError> {
    let gone: Option<(String,)> =
        sqlx::query_as("SELECT audience FROM applications WHERE name = $1 AND gone = 1")
            .bind(&new.definition.name)
            .fetch_optional(write.connection())
            .await
            .map_err(StorageError::from)?;
    if let Some((audience,)) = gone {
        let new = replace(write, &audience, new).await?;
        write.note_all(events::changed(by, None, &new));
        return Ok(());
    }
    insert(write, new).await?;
    take_places(write, new).await?;
    write.publish_application(&new.to_feed()).await?;
    write.note_all(events::changed(by, None, new));
    Ok(())
}

/// Returns the application with its audience.
async fn replace(
    write: &mut Write,
    audience: &str,
    new: &Application,
) -> Result<Application, ChangeError> {
    let application = Application {
        audience: audience.to_owned(),
        ..new.clone()
    };
    sqlx::query(
        "UPDATE applications SET declared = $1, gone = 0, definition = $2 WHERE audience = $3",
    )
    .bind(i64::from(application.declared))
    .bind(to_json(&application.definition)?)
    .bind(audience)
    .execute(write.connection())
    .await
    .map_err(StorageError::from)?;
    leave_places(write, audience).await?;
    take_places(write, &application).await?;
    write.publish_application(&application.to_feed()).await?;
    Ok(application)
}
