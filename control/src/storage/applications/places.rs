//! The places (hostname, port, path prefix) of applications: each belongs to one application.

use sqlx::AnyConnection;

use super::error::ChangeError;
use super::rows::{Columns, SELECT_ALL, from_columns};
use crate::applications::neighbours::{TakenOver, taken_over};
use crate::applications::{Application, Definition};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// A place as the database holds it.
struct Place<'a> {
    hostname: &'a str,
    /// Lower-case; empty for the whole host.
    path_prefix: String,
    port: i64,
}

/// Whether a wildcard of another application may get a hostname that an application gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeOver {
    /// It may; the administrator said so.
    Allowed,
    /// The change is refused.
    Refused,
}

impl TakeOver {
    /// From the administrator's answer.
    #[must_use]
    pub fn allowed_if(allowed: bool) -> Self {
        if allowed {
            Self::Allowed
        } else {
            Self::Refused
        }
    }
}

/// What wildcards get when an application becomes `definition`, or goes. Called before its row is
/// changed.
pub(super) async fn check_taken_over(
    write: &mut Write,
    audience: &str,
    definition: Option<&Definition>,
    take_over: TakeOver,
) -> Result<Vec<TakenOver>, ChangeError> {
    let rows: Vec<Columns> = sqlx::query_as(SELECT_ALL)
        .fetch_all(write.connection())
        .await
        .map_err(StorageError::from)?;
    let before: Vec<Application> = rows
        .into_iter()
        .map(from_columns)
        .collect::<Result<_, _>>()?;
    let mut after = before.clone();
    after.retain(|one| one.audience != audience || definition.is_some());
    if let Some(definition) = definition {
        for one in after.iter_mut().filter(|one| one.audience == audience) {
            one.definition = definition.clone();
        }
    }
    let taken = taken_over(&before, &after);
    match (take_over, taken.first()) {
        (TakeOver::Refused, Some(first)) => Err(ChangeError::TakenOver(Box::new(first.clone()))),
        _ => Ok(taken),
    }
}

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
    for location in &application.definition.origins {
        let place = Place {
            hostname: location.origin().hostname(),
            path_prefix: location.path_prefix().unwrap_or("").to_ascii_lowercase(),
            port: i64::from(location.origin().port()),
        };
        sqlx::query(
            "INSERT INTO application_places (hostname, path_prefix, port, audience) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (hostname, path_prefix, port) DO NOTHING",
        )
        .bind(place.hostname)
        .bind(&place.path_prefix)
        .bind(place.port)
        .bind(&application.audience)
        .execute(write.connection())
        .await
        .map_err(StorageError::from)?;
        if let Some(holder) = holder(write.connection(), application, &place).await? {
            return Err(ChangeError::PlaceTaken {
                place: format!("{}{}", place.hostname, place.path_prefix),
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
    place: &Place<'_>,
) -> Result<Option<String>, StorageError> {
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT applications.name FROM application_places \
         JOIN applications ON applications.audience = application_places.audience \
         WHERE hostname = $1 AND (path_prefix = $2 OR port <> $3) \
         AND applications.audience <> $4 LIMIT 1",
    )
    .bind(place.hostname)
    .bind(&place.path_prefix)
    .bind(place.port)
    .bind(&application.audience)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(name,)| name))
}
