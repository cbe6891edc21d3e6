//! The roles of users that administrators store.

use serde_json::json;

use crate::administration::role::Role;
use crate::audit::changes::Changes;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::database::Database;
use crate::storage::database::error::{CorruptValue, StorageError};
use crate::storage::database::write::Write;
use crate::storage::revocations::UserSelector;

/// A user whose role was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRole {
    /// The user's id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The role until now.
    pub before: Option<Role>,
}

/// How administrators sign in, as the configuration says.
#[derive(Debug, Clone, Copy)]
pub struct WaysIn {
    /// Whether people sign in with passwords.
    pub passwords: bool,
    /// Whether the configuration names administrators, who stay whatever is stored.
    pub lists_administrators: bool,
}

/// Why no role was set.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// There is no such user.
    #[error("there is no such user")]
    NoSuchUser,
    /// Several users have the address.
    #[error("{0} users have this e-mail address")]
    SeveralUsers(usize),
    /// Without this one, there would be no administrator who can sign in.
    #[error(
        "this is the last administrator who can sign in; make somebody else administrator first"
    )]
    LastAdministrator,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Database {
    /// The role that is stored of a user.
    pub async fn stored_role(&self, user_id: &str) -> Result<Option<Role>, StorageError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT role FROM users WHERE id = $1")
            .bind(user_id)
            .fetch_optional(self.pool())
            .await?;
        row.map_or(Ok(None), |(role,)| read(&role))
    }

    /// Gives the selected user a role, or none. The last administrator who can sign in stays one.
    pub async fn set_role(
        &self,
        selector: UserSelector<'_>,
        role: Option<Role>,
        ways_in: WaysIn,
        by: &Initiator,
    ) -> Result<ChangedRole, RoleError> {
        let mut write = self.write().await?;
        // Two who demote each other at the same moment take turns.
        write.lock().await?;
        let (email, id) = selector.columns();
        let mut users: Vec<(String, String, String)> =
            sqlx::query_as("SELECT id, email, role FROM users WHERE email_normal = $1 OR id = $2")
                .bind(email)
                .bind(id)
                .fetch_all(write.connection())
                .await
                .map_err(StorageError::from)?;
        let count = users.len();
        let (id, email, before) = users.pop().ok_or(RoleError::NoSuchUser)?;
        if count > 1 {
            return Err(RoleError::SeveralUsers(count));
        }
        let changed = ChangedRole {
            before: read(&before)?,
            id,
            email,
        };
        if changed.before == role {
            return Ok(changed);
        }
        let is_demoted = changed.before == Some(Role::Administrator);
        if is_demoted && !others(&mut write, &changed.id, ways_in).await? {
            return Err(RoleError::LastAdministrator);
        }
        sqlx::query("UPDATE users SET role = $1 WHERE id = $2")
            .bind(role.map_or("", Role::name))
            .bind(&changed.id)
            .execute(write.connection())
            .await
            .map_err(StorageError::from)?;
        let subject = Subject::user(&changed.id, &changed.email);
        let fields = |role: Option<Role>| json!({ "role": role.map(Role::name) });
        let changes = Changes::between(Some(&fields(changed.before)), Some(&fields(role)));
        let event = Event::new(EventName::UserRoleChanged, by, subject).changes(changes);
        write.commit([event]).await?;
        Ok(changed)
    }
}

/// Whether another user is an administrator who can sign in.
async fn others(write: &mut Write, user_id: &str, ways_in: WaysIn) -> Result<bool, StorageError> {
    if ways_in.lists_administrators {
        return Ok(true);
    }
    let (count,): (i64,) = sqlx::query_as(
        "SELECT COUNT(*) FROM users WHERE role = 'administrator' AND id <> $1 \
         AND disabled = 0 AND ((password_hash IS NOT NULL AND address_taken = 0 AND $2 = 1) \
         OR EXISTS (SELECT 1 FROM identities WHERE user_id = users.id))",
    )
    .bind(user_id)
    .bind(i64::from(ways_in.passwords))
    .fetch_one(write.connection())
    .await?;
    Ok(count > 0)
}

pub(super) fn read(column: &str) -> Result<Option<Role>, StorageError> {
    if column.is_empty() {
        return Ok(None);
    }
    let role = column.parse().map(Some);
    role.map_err(|_| CorruptValue::Role.into())
}
