//! Access groups of the configuration file: stored, so that policies follow them.

use super::error::StartError;
use crate::applications::Definition;
use crate::applications::check::check_again;
use crate::audit::Initiator;
use crate::service::Service;
use crate::storage::AccessGroupError;

/// Stores the access groups of the configuration file, and brings them into the policies that name
/// them.
pub async fn declare(service: &Service) -> Result<(), StartError> {
    let by = Initiator::system("configuration file");
    let demo = service.config.server.demo;
    let check = |definition: &Definition| check_again(definition, demo);
    let groups = &service.config.access_groups;
    let storage = &service.storage;
    let declared = storage.declare_access_groups(groups, &check, &by);
    let done = declared.await.map_err(|error| match error {
        AccessGroupError::Unfit {
            application,
            refused,
        } => StartError::AccessGroups {
            application,
            refused,
        },
        error => StartError::DeclareAccessGroups(error),
    })?;
    for name in &done.taken_over {
        tracing::warn!(
            access_group = name,
            "the configuration file declares an access group that had been set by an administrator: \
             the file's is used from now on"
        );
    }
    for name in &done.kept {
        tracing::warn!(
            access_group = name,
            "policies name an access group that is not in the configuration file: it is kept as it \
             was, and can be changed with `access-group set`"
        );
    }
    if let Some(version) = done.version {
        tracing::info!(version, "policies follow the access groups that changed");
    }
    Ok(())
}
