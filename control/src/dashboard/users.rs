//! My Team › Users.

pub mod disable;
pub mod enable;
pub mod list;
pub mod one;
mod reach;
pub mod revoke;
mod state;

use std::time::Duration;

use crate::api::scope::Scope;
use crate::service::Service;
use crate::storage::{ListedUser, Session, UserListQuery, WhichUsers};
use crate::team_domain::page::failure::Failure;
use crate::words::seconds;

use super::allowed::Allowed;
use super::shown::Shown;

/// The most users on a page of the list.
const ROWS: u32 = 50;

/// The user with an id.
async fn find(service: &Service, id: &str) -> Result<ListedUser, Failure> {
    let query = UserListQuery {
        which: &WhichUsers::One(id.to_owned()),
        now: service.now(),
        after: None,
        limit: 1,
        count: 1,
    };
    let found = service.storage.list_users(query).await?;
    found.into_iter().next().ok_or(Failure::NotFound)
}

/// Whether the person may disable a user, who is not themselves. Somebody with a role is not disabled here: the team would lose
/// an administrator in passing.
async fn may_disable(
    service: &Service,
    person: &Allowed,
    user: &ListedUser,
) -> Result<bool, Failure> {
    let may = person.may(Scope::UsersWrite) && !user.disabled;
    let may = may && !is_own(user, person.session());
    Ok(may && service.storage.stored_role(&user.id).await?.is_none())
}

/// What a user is called on pages: the address, else the name, else the id.
fn called(user: &ListedUser) -> Shown {
    let names = [&user.email, &user.name, &user.id];
    let name = names.into_iter().find(|name| !name.is_empty());
    Shown::new(name.map_or("", |name| name))
}

/// Whether it is the person who looks at the page.
fn is_own(user: &ListedUser, own: &Session) -> bool {
    user.id == own.user_id
}

/// A short wait in words.
fn in_words(wait: Duration) -> String {
    match wait.as_secs() {
        count if count < 120 => seconds(count),
        count => format!("{} minutes", count.div_ceil(60)),
    }
}
