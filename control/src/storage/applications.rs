//! Applications, declared in the configuration file or added on the command line.

mod declare;
mod error;
mod events;
mod places;
pub(in crate::storage) mod policies;
mod removal;
mod rows;

use portcullis::protocol::origin::Origin;
use portcullis::protocol::origin_pattern::domain_above;

use crate::applications::{Application, Definition};
use crate::audit::Initiator;
use crate::storage::access_groups::rows::are_current;
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use places::{check_taken_over, leave_places, take_places};
use rows::{SELECT_ALL, name_taken, to_json};

pub use error::ChangeError;
pub use places::TakeOver;
pub use removal::RemovedApplication;
pub(in crate::storage) use rows::{Columns, from_columns, read};

impl Database {
    /// All applications, by name.
    pub async fn applications(&self) -> Result<Vec<Application>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(SELECT_ALL).fetch_all(self.pool()).await?;
        rows.into_iter().map(from_columns).collect()
    }

    /// The application with an audience.
    pub async fn application(&self, audience: &str) -> Result<Option<Application>, StorageError> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT audience, declared, definition FROM applications \
             WHERE gone = 0 AND audience = $1",
        )
        .bind(audience)
        .fetch_optional(self.pool())
        .await?;
        row.map(from_columns).transpose()
    }

    /// The applications at a hostname: those that name it exactly, else those whose wildcard
    /// matches it.
    pub async fn applications_at(&self, hostname: &str) -> Result<Vec<Application>, StorageError> {
        let wildcard = domain_above(hostname).map(|domain| format!("*.{domain}"));
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT audience, declared, definition FROM applications WHERE gone = 0 \
             AND audience IN (SELECT audience FROM application_places WHERE hostname = $1 \
             OR (hostname = $2 AND NOT EXISTS (\
             SELECT 1 FROM application_places AS exact WHERE exact.hostname = $1)))",
        )
        .bind(hostname)
        .bind(wildcard.unwrap_or_default())
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(from_columns).collect()
    }

    /// The applications that are reached at an origin, with any path prefix. A wildcard does not
    /// match a hostname that an application names exactly, or the team domain's.
    pub async fn applications_reached_at(
        &self,
        origin: &Origin,
        team_domain: &Origin,
    ) -> Result<Vec<Application>, StorageError> {
        let hostname = origin.hostname();
        let mut there = self.applications_at(hostname).await?;
        let named = there
            .iter()
            .any(|one| one.definition.names_hostname(hostname));
        let by_wildcard = !named && hostname != team_domain.hostname();
        there.retain(|one| {
            one.definition.names(origin) || (by_wildcard && one.definition.is_at(origin))
        });
        Ok(there)
    }

    /// The application with a name.
    pub async fn application_named(&self, name: &str) -> Result<Option<Application>, StorageError> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT audience, declared, definition FROM applications WHERE gone = 0 AND name = $1",
        )
        .bind(name)
        .fetch_optional(self.pool())
        .await?;
        row.map(from_columns).transpose()
    }

    /// Adds an application. A name that was declared before keeps its audience instead of getting
    /// the given one. Returns the version that publishes it.
    pub async fn add_application(
        &self,
        application: &Application,
        by: &Initiator,
    ) -> Result<u64, ChangeError> {
        let mut write = self.write().await?;
        write.lock().await?;
        with_current_groups(&mut write, &application.definition).await?;
        declare::add(&mut write, application, by).await?;
        let version = write.version().await?;
        write.commit_noted(Unaudited::Nothing).await?;
        Ok(version)
    }

    /// Changes `was` to `definition`. Returns the version that publishes it, or `None` if nothing
    /// changed. With [`TakeOver::Refused`] no wildcard gets a hostname that it gives up.
    pub async fn change_application(
        &self,
        was: &Application,
        definition: &Definition,
        take_over: TakeOver,
        by: &Initiator,
    ) -> Result<Option<u64>, ChangeError> {
        if was.declared {
            return Err(ChangeError::Declared);
        }
        if was.definition == *definition {
            return Ok(None);
        }
        let mut write = self.write().await?;
        write.lock().await?;
        with_current_groups(&mut write, definition).await?;
        check_taken_over(&mut write, &was.audience, Some(definition), take_over).await?;
        // Compared as read: what an earlier version stored may be written in another way today.
        if rows::locked(&mut write, &was.audience).await?.as_ref() != Some(was) {
            return Err(ChangeError::Raced);
        }
        sqlx::query("UPDATE applications SET name = $1, definition = $2 WHERE audience = $3")
            .bind(&definition.name)
            .bind(to_json(definition)?)
            .bind(&was.audience)
            .execute(write.connection())
            .await
            .map_err(name_taken)?;
        let application = Application {
            definition: definition.clone(),
            ..was.clone()
        };
        leave_places(&mut write, &was.audience).await?;
        take_places(&mut write, &application).await?;
        write.publish_application(&application.to_feed()).await?;
        write.note_all(events::changed(by, Some(&was.definition), &application));
        Ok(write.commit_noted(Unaudited::Nothing).await?)
    }
}

/// Fails if the access groups of a policy changed since it was checked.
async fn with_current_groups(
    write: &mut Write,
    definition: &Definition,
) -> Result<(), ChangeError> {
    if are_current(write, &definition.policy).await? {
        Ok(())
    } else {
        Err(ChangeError::GroupsChanged)
    }
}
