//! Rows of access groups.

use crate::policy::rules::{AccessGroup, Policy};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

pub(super) const SELECT_ALL: &str = "SELECT name, declared, conditions FROM access_groups";

pub(super) type Columns = (String, i64, String);

/// An access group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccessGroup {
    /// The group.
    pub group: AccessGroup,
    /// Whether the configuration file declares it; it can then only be changed there.
    pub declared: bool,
}

/// Whether a policy has its access groups as they are now. They may have changed since it was checked.
pub(in crate::storage) async fn are_current(
    write: &mut Write,
    policy: &Policy,
) -> Result<bool, StorageError> {
    if policy.access_groups().is_empty() {
        return Ok(true);
    }
    let all = read(write).await?;
    let mut copies = policy.access_groups().iter();
    Ok(copies.all(|copy| all.iter().any(|one| one.group == *copy)))
}

pub(super) async fn read(write: &mut Write) -> Result<Vec<StoredAccessGroup>, StorageError> {
    let rows: Vec<Columns> = sqlx::query_as(SELECT_ALL)
        .fetch_all(write.connection())
        .await?;
    from_rows(rows)
}

pub(super) fn from_rows(rows: Vec<Columns>) -> Result<Vec<StoredAccessGroup>, StorageError> {
    let groups = rows.into_iter().map(|(name, declared, conditions)| {
        Ok(StoredAccessGroup {
            group: AccessGroup {
                name,
                conditions: serde_json::from_str(&conditions)?,
            },
            declared: declared != 0,
        })
    });
    let mut groups: Vec<StoredAccessGroup> = groups.collect::<Result<_, StorageError>>()?;
    // The databases order texts in ways of their own.
    groups.sort_by(|one, other| one.group.name.cmp(&other.group.name));
    Ok(groups)
}

pub(super) async fn put(write: &mut Write, stored: &StoredAccessGroup) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO access_groups (name, declared, conditions) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET declared = excluded.declared, \
         conditions = excluded.conditions",
    )
    .bind(&stored.group.name)
    .bind(i64::from(stored.declared))
    .bind(serde_json::to_string(&stored.group.conditions)?)
    .execute(write.connection())
    .await?;
    Ok(())
}

pub(super) async fn delete(write: &mut Write, name: &str) -> Result<(), StorageError> {
    sqlx::query("DELETE FROM access_groups WHERE name = $1")
        .bind(name)
        .execute(write.connection())
        .await?;
    Ok(())
}
