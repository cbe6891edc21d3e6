//! Rows of the list of users.

use portcullis::time::UnixSeconds;

use crate::storage::database::columns::from_db;

/// A user with what the list tells of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// `sub`.
    pub id: String,
    /// The e-mail address; empty if the provider tells none.
    pub email: String,
    /// The name that the provider tells; may be empty.
    pub name: String,
    /// Whether they are kept from signing in.
    pub disabled: bool,
    /// Until when they cannot sign in.
    pub blocked_until: UnixSeconds,
    /// When they last signed in.
    pub last_sign_in_at: Option<UnixSeconds>,
    /// How many live global sessions they have.
    pub sessions: u64,
    /// The ids of the providers that sign them in; empty for a user with a password.
    pub providers: Vec<String>,
}

/// Of a user: id, address, name; disabled, blocked until, last sign-in; live sessions; one of the providers.
pub(super) type Columns = (
    String,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    i64,
    Option<String>,
);

/// Makes one user of all rows with their id, which follow each other.
pub(super) fn grouped(rows: Vec<Columns>) -> Vec<ListedUser> {
    let mut users: Vec<ListedUser> = Vec::new();
    for (id, email, name, disabled, blocked_until, last, sessions, provider) in rows {
        match users.last_mut().filter(|user| user.id == id) {
            Some(user) => user.providers.extend(provider),
            None => users.push(ListedUser {
                id,
                email,
                name,
                disabled: disabled != 0,
                blocked_until: from_db(blocked_until),
                last_sign_in_at: last.map(from_db),
                sessions: u64::try_from(sessions).unwrap_or(0),
                providers: provider.into_iter().collect(),
            }),
        }
    }
    for user in &mut users {
        user.providers.dedup();
    }
    users
}
