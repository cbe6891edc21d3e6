//! Access groups, declared in the configuration file or set by an administrator.
//!
//! A policy has a copy of each group that it names, so that one row says who is admitted. Every change
//! of a group is therefore one transaction with the policies that name it.

mod declare;
pub(in crate::storage) mod error;
mod events;
pub(in crate::storage) mod rows;

use crate::audit::Initiator;
use crate::policy::rules::AccessGroup;
use crate::storage::applications::policies::{self, PolicyCheck};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use error::{AccessGroupError, MOST_ACCESS_GROUPS};
use rows::{Columns, SELECT_ALL, StoredAccessGroup, delete, from_rows, put, read};

pub use declare::DeclaredAccessGroups;

/// What an access group must be for a change of it to happen.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedGroup<'a> {
    /// Whatever it is.
    Any,
    /// This, or not there.
    Is(Option<&'a AccessGroup>),
}

impl Database {
    /// All access groups, by name.
    pub async fn access_groups(&self) -> Result<Vec<StoredAccessGroup>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(SELECT_ALL).fetch_all(self.pool()).await?;
        from_rows(rows)
    }

    /// Adds or replaces an access group, and changes the policies that name it, if `check` accepts
    /// each of them, and if the group is as expected. Returns the version that publishes these; `None` if there are none, or if the
    /// group is already so.
    pub async fn set_access_group(
        &self,
        (group, expected): (&AccessGroup, ExpectedGroup<'_>),
        check: PolicyCheck<'_>,
        by: &Initiator,
    ) -> Result<Option<u64>, AccessGroupError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let all = read(&mut write).await?;
        let before = all.iter().find(|one| one.group.name == group.name);
        match before {
            Some(before) if before.declared => return Err(AccessGroupError::Declared),
            before if !expected.is(before) => return Err(AccessGroupError::Raced),
            Some(before) if before.group == *group => return Ok(None),
            None if all.iter().filter(|one| !one.declared).count() >= MOST_ACCESS_GROUPS => {
                return Err(AccessGroupError::TooMany);
            }
            _ => {}
        }
        let now = StoredAccessGroup {
            group: group.clone(),
            declared: false,
        };
        put(&mut write, &now).await?;
        write.note(events::changed(by, before, &now));
        let groups = std::slice::from_ref(group);
        policies::follow_access_groups(&mut write, groups, check, by).await?;
        Ok(write.commit_noted(Unaudited::Nothing).await?)
    }

    /// Removes an access group that no policy names.
    pub async fn remove_access_group(
        &self,
        name: &str,
        by: &Initiator,
    ) -> Result<(), AccessGroupError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let all = read(&mut write).await?;
        let found = all.into_iter().find(|one| one.group.name == name);
        let found = found.ok_or(AccessGroupError::Unknown)?;
        if found.declared {
            return Err(AccessGroupError::Declared);
        }
        let users = policies::naming(&mut write, name).await?;
        if !users.is_empty() {
            return Err(AccessGroupError::InUse(users));
        }
        delete(&mut write, name).await?;
        write.commit([events::removed(by, &found)]).await?;
        Ok(())
    }
}

impl ExpectedGroup<'_> {
    fn is(self, now: Option<&StoredAccessGroup>) -> bool {
        match self {
            Self::Any => true,
            Self::Is(expected) => now.map(|now| &now.group) == expected,
        }
    }
}
