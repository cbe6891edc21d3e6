//! Makes the declared access groups equal to those of the configuration file, in one transaction with
//! the policies that name them.

use super::error::AccessGroupError;
use super::events;
use super::rows::{StoredAccessGroup, delete, put, read};
use crate::audit::Initiator;
use crate::policy::rules::AccessGroup;
use crate::storage::applications::policies::{self, PolicyCheck};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::write::Write;

/// What became of access groups at a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclaredAccessGroups {
    /// The version that publishes the policies that changed; `None` if none did.
    pub version: Option<u64>,
    /// Those that an administrator had set, and that the file declares now.
    pub taken_over: Vec<String>,
    /// Those that the file declares no longer, and that stay because policies name them.
    pub kept: Vec<String>,
}

impl Database {
    /// Makes the declared access groups equal to these. One that is no longer declared is removed; if a
    /// policy names it, it stays, and can be changed by administrators from now on.
    pub async fn declare_access_groups(
        &self,
        declared: &[AccessGroup],
        check: PolicyCheck<'_>,
        by: &Initiator,
    ) -> Result<DeclaredAccessGroups, AccessGroupError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let stored = read(&mut write).await?;
        let mut done = DeclaredAccessGroups::default();
        for group in declared {
            let before = stored.iter().find(|one| one.group.name == group.name);
            let now = StoredAccessGroup {
                group: group.clone(),
                declared: true,
            };
            if before == Some(&now) {
                continue;
            }
            if before.is_some_and(|before| !before.declared) {
                done.taken_over.push(group.name.clone());
            }
            put(&mut write, &now).await?;
            write.note(events::changed(by, before, &now));
        }
        let is_declared = |name: &str| declared.iter().any(|group| group.name == name);
        for gone in stored
            .iter()
            .filter(|one| one.declared && !is_declared(&one.group.name))
        {
            let name = &gone.group.name;
            if policies::naming(&mut write, name).await?.is_empty() {
                delete(&mut write, name).await?;
                write.note(events::removed(by, gone));
            } else {
                let now = StoredAccessGroup {
                    declared: false,
                    ..gone.clone()
                };
                put(&mut write, &now).await?;
                write.note(events::changed(by, Some(gone), &now));
                done.kept.push(name.clone());
            }
        }
        policies::follow_access_groups(&mut write, declared, check, by).await?;
        adopt(&mut write, by, &mut done.kept).await?;
        done.version = write.commit_noted(Unaudited::Nothing).await?;
        Ok(done)
    }
}

/// Earlier versions kept a group that had left the file in the policies alone.
async fn adopt(
    write: &mut Write,
    by: &Initiator,
    kept: &mut Vec<String>,
) -> Result<(), AccessGroupError> {
    let mut known: Vec<String> = read(write)
        .await?
        .into_iter()
        .map(|one| one.group.name)
        .collect();
    for group in policies::copies(write).await? {
        if known.contains(&group.name) {
            continue;
        }
        known.push(group.name.clone());
        kept.push(group.name.clone());
        let now = StoredAccessGroup {
            group,
            declared: false,
        };
        put(write, &now).await?;
        write.note(events::changed(by, None, &now));
    }
    Ok(())
}
