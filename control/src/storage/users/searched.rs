//! Users for programs, by address: those whom a search finds, and those in a state.

use std::collections::BTreeSet;

use portcullis::time::UnixSeconds;

use super::listed::{WhichUsers, ranges};
use super::{User, UserColumns, grouped};
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// Which users to list.
#[derive(Debug, Clone, Copy)]
pub struct UserSearch<'a> {
    /// Of whose address and name a word begins with each of these; all without.
    pub words: &'a BTreeSet<String>,
    /// `in`, `out`, `blocked` or `disabled`; empty for all.
    pub state: &'a str,
    /// The time.
    pub now: UnixSeconds,
    /// Only users after this address and id.
    pub after: (&'a str, &'a str),
    /// The most to list.
    pub limit: u32,
}

/// The users of whose words one begins in a range; all if it is empty.
macro_rules! with_word {
    ($from:literal, $to:literal) => {
        concat!(
            " AND (",
            $from,
            " = '' OR id IN (SELECT user_id FROM user_words WHERE word >= ",
            $from,
            " AND word < ",
            $to,
            "))"
        )
    };
}

const SEARCH: &str = concat!(
    "SELECT page.id, page.email, address_taken, role, disabled, last_sign_in_at, provider_id \
     FROM (SELECT * FROM users WHERE (email, id) > ($1, $2) \
     AND ($3 = '' OR $3 = CASE WHEN disabled <> 0 THEN 'disabled' \
     WHEN blocked_until > $4 THEN 'blocked' \
     WHEN EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id AND expires_at > $4) THEN 'in' \
     ELSE 'out' END)",
    with_word!("$5", "$6"),
    with_word!("$7", "$8"),
    with_word!("$9", "$10"),
    with_word!("$11", "$12"),
    with_word!("$13", "$14"),
    with_word!("$15", "$16"),
    " ORDER BY email, id LIMIT $17) AS page \
     LEFT JOIN identities ON identities.user_id = page.id \
     ORDER BY page.email, page.id, provider_id"
);

impl Database {
    /// A page of the users whom a search finds, by address.
    pub async fn search_users(&self, search: UserSearch<'_>) -> Result<Vec<User>, StorageError> {
        let mut rows = sqlx::query_as(SEARCH)
            .bind(search.after.0)
            .bind(search.after.1)
            .bind(search.state)
            .bind(to_db(search.now));
        for (from, to) in ranges(&WhichUsers::Found(search.words.iter().cloned().collect())) {
            rows = rows.bind(from).bind(to);
        }
        let rows: Vec<UserColumns> = rows
            .bind(i64::from(search.limit))
            .fetch_all(self.pool())
            .await?;
        grouped(rows)
    }
}
