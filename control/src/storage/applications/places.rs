//! The places (hostname, port, path prefix) of applications: each belongs to one application.

use sqlx::AnyConnection;

use super::error::ChangeError;
use crate::applications::Application;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// Frees all places of an application.
pub(super) async fn leave_places(write: &mut Write, audience: &str) -> Result<(), ChangeError> {
    sqlx::query("DELETE FROM application_places WHERE audience = $1")
        .bind(audience)
        .execute(write.connection())
        .await
        .map_err(StorageError::from)?;
    Ok(())
}

/// Takes the places of an application. Fails if another application has one of them.
pub(super) async fn take_places(
    write: &mut Write,
    application: &Application,
) -> Result<(), ChangeError> {
    for place in &application.definition.origins {
        let hostname = place.origin().hostname();
        let prefix = place.path_prefix().unwrap_or("").to_ascii_lowercase();
        let port = i64::from(place.origin().port());
        sqlx::query(
            "INSERT INTO application_places (hostname, path_prefix, port, audience) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (hostname, path_prefix, port) DO NOTHING",
        )
        .bind(hostname)
        .bind(&prefix)
        .bind(port)
        .bind(&application.audience)
        .execute(write.connection())
        .await
        .map_err(StorageError::from)?;
        if let Some(holder) =
            holder(write.connection(), application, (hostname, &prefix, port)).await?
        {
            return Err(ChangeError::PlaceTaken {
                place: format!("{hostname}{prefix}"),
                holder,
            });
        }
    }
    Ok(())
}

/// The name of another application that has the place, or the hostname with another port.
async fn holder(
    connection: &mut AnyConnection,
    application: &Application,
    (hostname, prefix, port): (&str, &str, i64),
) -> Result<Option<String>, StorageError> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT applications.name FROM application_places \
         JOIN applications ON applications.audience = application_places.audience \
         WHERE hostname = $1 AND (path_prefix = $2 OR port <> $3) \
         AND applications.audience <> $4 LIMIT 1",
    )
    .bind(hostname)
    .bind(prefix)
    .bind(port)
    .bind(&application.audience)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(name,)| name))
}
