//! Access groups: checking, setting, deleting.

use serde_json::{Map, Value};

use crate::api::administrator::Administrator;
use crate::applications::check::check_again;
use crate::applications::{Application, Definition};
use crate::config::values::Table;
use crate::policy::check::access_group::access_group;
use crate::policy::known_names::KnownNames;
use crate::policy::rules::AccessGroup;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::{AccessGroupError, ExpectedGroup, StorageError, StoredAccessGroup};

const MAX_NAME_BYTES: usize = 64;
/// The largest group, in bytes of JSON. Every policy that names it has a copy.
pub const MAX_BYTES: usize = 256 * 1024;

/// Why a group cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Something is wrong with it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The access group with a name.
///
/// # Errors
/// When the database failed.
pub async fn find(
    service: &Service,
    name: &str,
) -> Result<Option<StoredAccessGroup>, StorageError> {
    let mut groups = service.storage.access_groups().await?.into_iter();
    Ok(groups.find(|one| one.group.name == name))
}

/// The applications whose policies name a group.
pub fn naming<'a>(
    group: &'a str,
    applications: &'a [Application],
) -> impl Iterator<Item = &'a Application> {
    let all = applications.iter();
    all.filter(move |one| one.definition.policy.names_access_group(group))
}

/// The access group that `include`, `require` and `exclude` describe. `before` is the one of the name, if
/// there is one.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn checked(
    service: &Service,
    name: &str,
    mut fields: Map<String, Value>,
    before: Option<&StoredAccessGroup>,
) -> Result<AccessGroup, CheckError> {
    let mut problems = InputProblems::default();
    let sent = fields.insert("name".to_owned(), name.into());
    if sent.is_some_and(|sent| sent != name) {
        let message = "is not the name in the path; an access group keeps its name";
        problems.add("name", name, message);
    }
    if name.len() > MAX_NAME_BYTES || name.contains('/') {
        problems.add("name", name, "must be at most 64 bytes, without '/'");
    }
    let selectors = before
        .into_iter()
        .flat_map(|one| one.group.conditions.selectors());
    let known = KnownNames::of(service, selectors).await?;
    let fields = Value::Object(fields);
    let mut table = Table::of(&fields, &mut problems);
    let group = access_group(&mut table, known.names());
    let size = serde_json::to_vec(&fields).map_or(0, |bytes| bytes.len());
    if size > MAX_BYTES {
        let message = format!(
            "is larger than {MAX_BYTES} bytes; make several groups, and name them all in the rule"
        );
        problems.add("", size, message);
    }
    problems.finish()?;
    // There is a group if there is no problem.
    Ok(group.ok_or_else(|| Refused(Vec::new()))?)
}

/// Adds an access group, or replaces `before`, if it still is what is expected. The policies that name it follow it at
/// once, with the version that is returned; `None` if no policy changed.
///
/// # Errors
/// When nothing was changed.
pub async fn set(
    service: &Service,
    by: &Administrator,
    (group, before): (&AccessGroup, Option<&AccessGroup>),
    expected: ExpectedGroup<'_>,
) -> Result<Option<u64>, AccessGroupError> {
    let demo = service.config.server.demo;
    let check = |definition: &Definition| check_again(definition, demo);
    let storage = &service.storage;
    let version = storage
        .set_access_group((group, expected), &check, by.initiator())
        .await?;
    if let Some(version) = version {
        service.notifier.committed(version);
    }
    if before != Some(group) {
        tracing::info!(access_group = group.name, version, %by, "access group set");
    }
    Ok(version)
}

/// Deletes an access group that no policy names.
///
/// # Errors
/// When nothing was deleted.
pub async fn delete(
    service: &Service,
    by: &Administrator,
    name: &str,
) -> Result<(), AccessGroupError> {
    let storage = &service.storage;
    storage.remove_access_group(name, by.initiator()).await?;
    tracing::info!(access_group = name, %by, "access group deleted");
    Ok(())
}
