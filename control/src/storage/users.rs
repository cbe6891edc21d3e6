//! Users who have an account with the service.

mod addresses;
mod enabling;
pub(super) mod known;
mod listed;
mod passwords;
mod removal;
mod roles;
mod searched;
pub(super) mod words;

use portcullis::time::UnixSeconds;

use crate::administration::role::Role;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::sign_in::email::Address;
use crate::sign_in::password_hash::PasswordHash;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

pub use enabling::EnabledUsers;
pub use listed::{ListedUser, UserListQuery, WhichUsers};
pub use passwords::{PasswordChange, PasswordSet};
pub use roles::{ChangedRole, RoleError, WaysIn};
pub use searched::UserSearch;
pub use words::words_of;

/// A user, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `sub` of the user's tokens.
    pub id: String,
    /// The e-mail address, as it is shown.
    pub email: String,
    /// Whether another user with a password has the same address, so that this one cannot sign in.
    pub address_taken: bool,
    /// The role that is stored of the user.
    pub role: Option<Role>,
    /// Whether the user is disabled and cannot sign in.
    pub disabled: bool,
    /// When the user last signed in.
    pub last_sign_in_at: Option<UnixSeconds>,
    /// The ids of the providers that sign the user in; empty for a user with a password.
    pub providers: Vec<String>,
}

/// Which users to list.
#[derive(Debug, Clone, Copy)]
pub struct UserPage<'a> {
    /// One user, by id or by what their e-mail address is compared by; empty for all.
    pub user: &'a str,
    /// Only users after this address and id.
    pub after: (&'a str, &'a str),
    /// The most to list.
    pub limit: u32,
}

/// A user to add.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The new id.
    pub id: String,
    /// The e-mail address.
    pub email: Address,
    /// The password's hash; `None` if the user has no password.
    pub password_hash: Option<PasswordHash>,
    /// The role.
    pub role: Option<Role>,
    /// The time.
    pub created_at: UnixSeconds,
}

/// A user who has a password.
#[derive(Clone)]
pub struct PasswordAccount {
    /// The user's id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The password's hash.
    pub password_hash: PasswordHash,
    /// Whether the user signed in from the client's network before.
    pub knows_network: bool,
}

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// Another user has the e-mail address.
    #[error("a user with this e-mail address exists already")]
    EmailTaken,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

type UserColumns = (
    String,
    String,
    i64,
    String,
    i64,
    Option<i64>,
    Option<String>,
);

impl Database {
    /// Adds a user.
    pub async fn add_user(&self, user: &NewUser, by: &Initiator) -> Result<(), AddUserError> {
        let mut write = self.write().await?;
        let added = sqlx::query(
            "INSERT INTO users (id, email, email_normal, password_hash, role, disabled, \
             blocked_until, created_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)",
        )
        .bind(&user.id)
        .bind(user.email.shown())
        .bind(user.email.normal())
        .bind(user.password_hash.as_ref().map(PasswordHash::reveal))
        .bind(user.role.map_or("", Role::name))
        .bind(to_db(user.created_at))
        .execute(write.connection())
        .await;
        match added {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                return Err(AddUserError::EmailTaken);
            }
            Err(error) => return Err(StorageError::from(error).into()),
        }
        words::store(&mut write, &user.id).await?;
        let subject = Subject::user(&user.id, user.email.shown());
        let event = Event::new(EventName::UserAdded, by, subject)
            .detail("role", user.role.map(Role::name))
            .detail("password", user.password_hash.is_some());
        write.commit([event]).await?;
        Ok(())
    }

    /// All users, by address.
    pub async fn users(&self) -> Result<Vec<User>, StorageError> {
        let rows: Vec<UserColumns> = sqlx::query_as(
            "SELECT users.id, users.email, address_taken, role, disabled, \
             last_sign_in_at, provider_id FROM users \
             LEFT JOIN identities ON identities.user_id = users.id \
             ORDER BY users.email, users.id, provider_id",
        )
        .fetch_all(self.pool())
        .await?;
        grouped(rows)
    }

    /// The users to whom a role was given, by address.
    pub async fn users_with_roles(&self) -> Result<Vec<User>, StorageError> {
        let rows = sqlx::query_as(
            // They are few: the order must not make the index of addresses lead.
            "SELECT users.id, users.email, address_taken, role, disabled, last_sign_in_at, \
             provider_id FROM users LEFT JOIN identities ON identities.user_id = users.id \
             WHERE role <> '' ORDER BY users.email || '', users.id, provider_id",
        )
        .fetch_all(self.pool())
        .await?;
        grouped(rows)
    }

    /// A page of users, by address.
    pub async fn users_page(&self, page: UserPage<'_>) -> Result<Vec<User>, StorageError> {
        macro_rules! statement {
            ($which:literal) => {
                concat!(
                    "SELECT page.id, page.email, address_taken, role, disabled, \
                     last_sign_in_at, provider_id FROM (SELECT * FROM users \
                     WHERE ",
                    $which,
                    " ORDER BY email, id LIMIT $4) AS page \
                     LEFT JOIN identities ON identities.user_id = page.id \
                     ORDER BY page.email, page.id, provider_id"
                )
            };
        }
        let statement = match page.user {
            "" => statement!("$1 = '' AND (email, id) > ($2, $3)"),
            // The few who are called so lead, not the index of addresses.
            _ => statement!(
                "id IN (SELECT id FROM users WHERE id = $1 \
                 UNION ALL SELECT id FROM users WHERE email_normal = $1) \
                 AND (email || '', id) > ($2, $3)"
            ),
        };
        let rows: Vec<UserColumns> = sqlx::query_as(statement)
            .bind(page.user)
            .bind(page.after.0)
            .bind(page.after.1)
            .bind(i64::from(page.limit))
            .fetch_all(self.pool())
            .await?;
        grouped(rows)
    }

    /// The user who can sign in with a password under an e-mail address, given in its normal form.
    /// Users without a password may have the same address. `network` is that of the client.
    pub async fn password_account(
        &self,
        email_normal: &str,
        network: &str,
    ) -> Result<Option<PasswordAccount>, StorageError> {
        type Columns = (Option<String>, Option<String>, Option<String>, i64);
        // One row with or without an account, so that both take the same time.
        let (id, email, password_hash, known): Columns = sqlx::query_as(
            "SELECT users.id, users.email, users.password_hash, \
             (SELECT COUNT(*) FROM known_networks \
             WHERE user_id = COALESCE(users.id, '') AND network = $2) \
             FROM (SELECT 1 AS one) AS always \
             LEFT JOIN users ON users.email_normal = $1 AND users.password_hash IS NOT NULL \
             AND users.address_taken = 0",
        )
        .bind(email_normal)
        .bind(network)
        .fetch_one(self.pool())
        .await?;
        let account = id.zip(email).zip(password_hash);
        Ok(account.map(|((id, email), password_hash)| PasswordAccount {
            id,
            email,
            password_hash: PasswordHash::new(password_hash),
            knows_network: known != 0,
        }))
    }
}

/// Makes one user of all rows with their id, which follow each other.
fn grouped(rows: Vec<UserColumns>) -> Result<Vec<User>, StorageError> {
    let mut users: Vec<User> = Vec::new();
    for (id, email, taken, role, disabled, last, provider) in rows {
        match users.last_mut().filter(|user| user.id == id) {
            Some(user) => user.providers.extend(provider),
            None => users.push(User {
                id,
                email,
                address_taken: taken != 0,
                role: roles::read(&role)?,
                disabled: disabled != 0,
                last_sign_in_at: last.map(from_db),
                providers: provider.into_iter().collect(),
            }),
        }
    }
    for user in &mut users {
        user.providers.dedup();
    }
    Ok(users)
}
