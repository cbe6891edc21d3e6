//! Applications, declared in the configuration file or made by the CLI.

mod declare;
mod places;

use sqlx::Transaction;
use sqlx::any::Any;

use super::write::Write;
use super::{Database, StorageError};
use crate::applications::{Application, Definition};
use places::{leave_places, take_places};

/// Why an application was not stored.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Another one has the name.
    #[error("an application with this name exists already")]
    NameTaken,
    /// There is none of that name.
    #[error("there is no application with this name")]
    Unknown,
    /// It comes from the configuration file.
    #[error("this application is declared in the configuration file; change it there and restart")]
    Declared,
    /// Another one is reached there.
    #[error("{place} already belongs to the application `{holder}`")]
    PlaceTaken {
        /// Hostname and path prefix.
        place: String,
        /// The other application.
        holder: String,
    },
    /// Somebody changed it at the same time.
    #[error("the application was changed by somebody else at the same time; try again")]
    Raced,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub(super) type Columns = (String, i64, String);

const SELECT_ALL: &str =
    "SELECT audience, declared, definition FROM applications WHERE gone = 0 ORDER BY name";

impl Database {
    /// All that are not gone, by name.
    pub async fn applications(&self) -> Result<Vec<Application>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(SELECT_ALL).fetch_all(self.pool()).await?;
        rows.into_iter().map(from_columns).collect()
    }

    /// The one with an audience.
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

    /// Those that are reached under a hostname.
    pub async fn applications_at(&self, hostname: &str) -> Result<Vec<Application>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT audience, declared, definition FROM applications WHERE gone = 0 \
             AND audience IN (SELECT audience FROM application_places WHERE hostname = $1)",
        )
        .bind(hostname)
        .fetch_all(self.pool())
        .await?;
        rows.into_iter().map(from_columns).collect()
    }

    /// The one with a name.
    pub async fn application_named(&self, name: &str) -> Result<Option<Application>, StorageError> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT audience, declared, definition FROM applications WHERE gone = 0 AND name = $1",
        )
        .bind(name)
        .fetch_optional(self.pool())
        .await?;
        row.map(from_columns).transpose()
    }

    /// Makes one. A name that was declared once has its audience again, not the given one. The
    /// feed's version that tells of it.
    pub async fn add_application(&self, application: &Application) -> Result<u64, ChangeError> {
        let mut write = self.write().await?;
        write.lock().await?;
        declare::add(&mut write, application).await?;
        let version = write.version().await?;
        write.commit().await?;
        Ok(version)
    }

    /// Changes `was` to `definition`. The feed's version that tells of it, or `None` if nothing
    /// changed.
    pub async fn change_application(
        &self,
        was: &Application,
        definition: &Definition,
    ) -> Result<Option<u64>, ChangeError> {
        if was.declared {
            return Err(ChangeError::Declared);
        }
        if was.definition == *definition {
            return Ok(None);
        }
        let mut write = self.write().await?;
        write.lock().await?;
        let changed = sqlx::query(
            "UPDATE applications SET name = $1, definition = $2 \
             WHERE audience = $3 AND gone = 0 AND declared = 0 AND definition = $4",
        )
        .bind(&definition.name)
        .bind(to_json(definition)?)
        .bind(&was.audience)
        .bind(to_json(&was.definition)?)
        .execute(write.connection())
        .await
        .map_err(name_taken)?;
        if changed.rows_affected() != 1 {
            return Err(ChangeError::Raced);
        }
        let application = Application {
            definition: definition.clone(),
            ..was.clone()
        };
        leave_places(&mut write, &was.audience).await?;
        take_places(&mut write, &application).await?;
        write.tell_application(&application.to_feed()).await?;
        Ok(write.commit().await?)
    }

    /// Makes the declared applications those of the configuration file; each comes with the
    /// audience that it gets if its name has none yet. The ones that are no longer there are
    /// revoked until `until`. The feed's version that tells of it, or `None` if nothing changed.
    pub async fn declare(
        &self,
        applications: &[Application],
        until: u64,
    ) -> Result<Option<u64>, ChangeError> {
        declare::declare(self, applications, until).await
    }
}

async fn insert(write: &mut Write, application: &Application) -> Result<(), ChangeError> {
    sqlx::query(
        "INSERT INTO applications (audience, name, declared, gone, definition) \
         VALUES ($1, $2, $3, 0, $4)",
    )
    .bind(&application.audience)
    .bind(&application.definition.name)
    .bind(i64::from(application.declared))
    .bind(to_json(&application.definition)?)
    .execute(write.connection())
    .await
    .map_err(name_taken)?;
    Ok(())
}

fn name_taken(error: sqlx::Error) -> ChangeError {
    match error {
        sqlx::Error::Database(error) if error.is_unique_violation() => ChangeError::NameTaken,
        error => StorageError::from(error).into(),
    }
}

/// The application with an audience, as of the transaction's moment.
pub(super) async fn read(
    read: &mut Transaction<'static, Any>,
    audience: &str,
) -> Result<Option<Application>, StorageError> {
    let row: Option<Columns> = sqlx::query_as(
        "SELECT audience, declared, definition FROM applications WHERE audience = $1 AND gone = 0",
    )
    .bind(audience)
    .fetch_optional(&mut **read)
    .await?;
    row.map(from_columns).transpose()
}

pub(super) fn from_columns(
    (audience, declared, definition): Columns,
) -> Result<Application, StorageError> {
    Ok(Application {
        audience,
        declared: declared != 0,
        definition: serde_json::from_str(&definition)?,
    })
}

fn to_json(definition: &Definition) -> Result<String, StorageError> {
    Ok(serde_json::to_string(definition)?)
}
