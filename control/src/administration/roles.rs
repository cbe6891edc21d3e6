//! Who has which role.
//!
//! A person has the highest role that anything gives them: one that an administrator stored, or a list of
//! `[dashboard]` that names them. It is judged at every request.

use super::role::Role;
use crate::api::administrator::Administrator;
use crate::eligibility::person_of;
use crate::service::Service;
use crate::storage::{ChangedRole, RoleError, Session, StorageError, UserSelector, WaysIn};

/// The role of the person whose session it is.
///
/// # Errors
/// When the database cannot be read.
pub async fn role_of(service: &Service, session: &Session) -> Result<Option<Role>, StorageError> {
    if !service.config.dashboard.enabled {
        return Ok(None);
    }
    let stored = service.storage.stored_role(&session.user_id).await?;
    Ok(stored.max(listed_role(service, session)))
}

/// The role that the lists of `[dashboard]` give. They name people by what a provider says about them:
/// anybody who may add users with passwords could otherwise add one with a listed address.
fn listed_role(service: &Service, session: &Session) -> Option<Role> {
    session.provided.as_ref()?;
    let person = person_of(session);
    let dashboard = &service.config.dashboard;
    let mut roles = Role::ALL.into_iter().rev();
    roles.find(|role| dashboard.list_of(*role).iter().any(|one| one.fits(&person)))
}

/// Gives the selected user a role, or none.
///
/// # Errors
/// When nothing was changed.
pub async fn set_role(
    service: &Service,
    selector: UserSelector<'_>,
    role: Option<Role>,
    by: &Administrator,
) -> Result<ChangedRole, RoleError> {
    let ways_in = WaysIn {
        passwords: service.config.sign_in.passwords,
        lists_administrators: !service.config.dashboard.administrators.is_empty(),
    };
    let changed = service
        .storage
        .set_role(selector, role, ways_in, by.initiator())
        .await?;
    if changed.before != role {
        tracing::info!(
            user = changed.id,
            email = changed.email,
            role = role.map_or("none", Role::name),
            before = changed.before.map_or("none", Role::name),
            %by,
            "role changed"
        );
    }
    Ok(changed)
}
