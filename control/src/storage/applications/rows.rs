//! Rows of applications.

use sqlx::Transaction;
use sqlx::any::Any;

use super::error::ChangeError;
use crate::applications::{Application, Definition};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

pub(in crate::storage) type Columns = (String, i64, String);

pub(super) const SELECT_ALL: &str =
    "SELECT audience, declared, definition FROM applications WHERE gone = 0 ORDER BY name";

const SELECT_ONE: &str =
    "SELECT audience, declared, definition FROM applications WHERE audience = $1 AND gone = 0";

pub(super) async fn insert(
    write: &mut Write,
    application: &Application,
) -> Result<(), ChangeError> {
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

pub(super) fn name_taken(error: sqlx::Error) -> ChangeError {
    match error {
        sqlx::Error::Database(error) if error.is_unique_violation() => ChangeError::NameTaken,
        error => StorageError::from(error).into(),
    }
}

/// The application with an audience, as of the transaction.
pub(in crate::storage) async fn read(
    read: &mut Transaction<'static, Any>,
    audience: &str,
) -> Result<Option<Application>, StorageError> {
    let row: Option<Columns> = sqlx::query_as(SELECT_ONE)
        .bind(audience)
        .fetch_optional(&mut **read)
        .await?;
    row.map(from_columns).transpose()
}

/// The application with an audience, as of a transaction that writes.
pub(super) async fn locked(
    write: &mut Write,
    audience: &str,
) -> Result<Option<Application>, StorageError> {
    let row: Option<Columns> = sqlx::query_as(SELECT_ONE)
        .bind(audience)
        .fetch_optional(write.connection())
        .await?;
    row.map(from_columns).transpose()
}

pub(in crate::storage) fn from_columns(
    (audience, declared, definition): Columns,
) -> Result<Application, StorageError> {
    Ok(Application {
        audience,
        declared: declared != 0,
        definition: serde_json::from_str(&definition)?,
    })
}

pub(super) fn to_json(definition: &Definition) -> Result<String, StorageError> {
    Ok(serde_json::to_string(definition)?)
}
