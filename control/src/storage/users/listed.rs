//! The list of users in the dashboard: by their last sign-in, newest first, or those whom a search
//! finds.

mod row;

use portcullis::time::UnixSeconds;

use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

pub use row::ListedUser;
use row::{Columns, grouped};

/// Counts are exact up to this one.
const COUNTED_TO: u64 = 100_000;
/// The most words of a search; later ones do not count.
const MOST_SEARCHED: usize = 6;
/// How often a word is counted: beyond that, it is not rare.
const MOST_COUNTED: i64 = 30_001;
/// From so many users on, most that are looked at in the order of the list are found, so that a page is
/// full soon.
const DENSE: u64 = 500;
/// Greater than whatever follows a word's beginning.
const END: char = char::MAX;

/// Which users to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichUsers {
    /// Those whose last sign-in is not before a moment.
    SignedInSince(UnixSeconds),
    /// Those with a live global session.
    SignedInNow,
    /// All.
    Everybody,
    /// The one with an id.
    One(String),
    /// Those of whose address and name a word begins with each of these; see
    /// [`words_of`](super::words_of).
    Found(Vec<String>),
}

impl WhichUsers {
    /// Counts are exact up to this one: fewer for those who are not in an index by themselves.
    #[must_use]
    pub fn counted_to(&self) -> u64 {
        match self {
            Self::Found(_) | Self::SignedInNow => COUNTED_TO / 10,
            Self::SignedInSince(_) | Self::Everybody | Self::One(_) => COUNTED_TO,
        }
    }
}

/// A page of the list.
#[derive(Debug, Clone, Copy)]
pub struct UserListQuery<'a> {
    /// Which users.
    pub which: &'a WhichUsers,
    /// The time.
    pub now: UnixSeconds,
    /// Only users after the one with this last sign-in and id.
    pub after: Option<(Option<UnixSeconds>, &'a str)>,
    /// The most to list.
    pub limit: u32,
    /// How many there are, as far as they were counted.
    pub count: u64,
}

/// The page of users whom a condition on `$1` to `$14` chooses.
macro_rules! page {
    ($which:expr) => {
        concat!(
            "SELECT page.id, page.email, page.name, disabled, blocked_until, last_sign_in_at, \
             (SELECT COUNT(*) FROM sessions WHERE user_id = page.id AND expires_at > $1), \
             provider_id FROM (SELECT * FROM users WHERE ",
            $which,
            " AND (COALESCE(last_sign_in_at, -1) < $15 \
             OR (COALESCE(last_sign_in_at, -1) = $15 AND id < $16)) \
             ORDER BY COALESCE(last_sign_in_at, -1) DESC, id DESC LIMIT $17) AS page \
             LEFT JOIN identities ON identities.user_id = page.id \
             ORDER BY COALESCE(last_sign_in_at, -1) DESC, page.id DESC, provider_id"
        )
    };
}

/// How many users a condition chooses, up to `$15`.
macro_rules! count {
    ($which:expr) => {
        concat!(
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM users WHERE ",
            $which,
            " LIMIT $15) AS counted"
        )
    };
}

macro_rules! and_word {
    ($user:literal, $from:literal, $to:literal) => {
        concat!(
            " AND (",
            $from,
            " = '' OR EXISTS (SELECT 1 FROM user_words AS other WHERE other.user_id = ",
            $user,
            " AND other.word >= ",
            $from,
            " AND other.word < ",
            $to,
            "))"
        )
    };
}

/// The users who have all words, without reading users.
macro_rules! found {
    ($select:literal) => {
        concat!(
            $select,
            " FROM user_words AS found WHERE found.word >= $3 AND found.word < $4",
            and_word!("found.user_id", "$5", "$6"),
            and_word!("found.user_id", "$7", "$8"),
            and_word!("found.user_id", "$9", "$10"),
            and_word!("found.user_id", "$11", "$12"),
            and_word!("found.user_id", "$13", "$14"),
        )
    };
}

/// How many users a search finds, up to `$15`. The first parameters are those of a list.
const COUNT_FOUND: &str = concat!(
    "SELECT COUNT(*) FROM (",
    found!("SELECT DISTINCT found.user_id"),
    " AND $1 >= 0 AND $2 >= 0 LIMIT $15) AS counted"
);

/// The statement for each kind of list. All have the same parameters.
macro_rules! statement {
    ($make:ident, $which:expr, $is_common:expr) => {
        match $which {
            WhichUsers::SignedInSince(_) => $make!("COALESCE(last_sign_in_at, -1) >= $2"),
            WhichUsers::SignedInNow => $make!(
                "EXISTS (SELECT 1 FROM sessions WHERE user_id = users.id AND expires_at > $1)"
            ),
            WhichUsers::Everybody => $make!("1 = 1"),
            WhichUsers::One(_) => $make!("id = $3"),
            // Most users on the way have such a word, so they are taken in the order of the list.
            WhichUsers::Found(_) if $is_common => $make!(concat!(
                "1 = 1",
                and_word!("users.id", "$3", "$4"),
                and_word!("users.id", "$5", "$6"),
                and_word!("users.id", "$7", "$8"),
                and_word!("users.id", "$9", "$10"),
                and_word!("users.id", "$11", "$12"),
                and_word!("users.id", "$13", "$14"),
            )),
            // The rarest word leads. Users are read when they have the others, too.
            WhichUsers::Found(_) => $make!(concat!("id IN (", found!("SELECT found.user_id"), ")")),
        }
    };
}

impl Database {
    /// The words of a search, the rarest first: it leads, because all others are asked of each user that it
    /// finds. Also whether even that one is common.
    async fn rarest_first(&self, which: &WhichUsers) -> Result<(WhichUsers, bool), StorageError> {
        let WhichUsers::Found(words) = which else {
            return Ok((which.clone(), false));
        };
        let mut counted = Vec::new();
        for word in words {
            let (count,): (i64,) = sqlx::query_as(
                "SELECT COUNT(*) FROM (SELECT 1 AS one FROM user_words \
                 WHERE word >= $1 AND word < $2 LIMIT $3) AS counted",
            )
            .bind(word)
            .bind(format!("{word}{END}"))
            .bind(MOST_COUNTED)
            .fetch_one(self.pool())
            .await?;
            counted.push((count, word.clone()));
        }
        counted.sort();
        let is_common = counted
            .first()
            .is_some_and(|(count, _)| *count >= MOST_COUNTED);
        let words = counted.into_iter().map(|(_, word)| word);
        Ok((WhichUsers::Found(words.collect()), is_common))
    }

    /// A page of the list.
    pub async fn list_users(
        &self,
        query: UserListQuery<'_>,
    ) -> Result<Vec<ListedUser>, StorageError> {
        let (which, is_common) = &self.rarest_first(query.which).await?;
        let in_order = *is_common || query.count >= DENSE;
        let (last, id) = match query.after {
            Some((last, id)) => (last.map_or(-1, to_db), id),
            // The first page begins with the latest moment that the database can hold.
            None => (i64::MAX, ""),
        };
        let mut rows = sqlx::query_as(statement!(page, which, in_order))
            .bind(to_db(query.now))
            .bind(since(which));
        for (from, to) in ranges(which) {
            rows = rows.bind(from).bind(to);
        }
        let rows: Vec<Columns> = rows
            .bind(last)
            .bind(id)
            .bind(i64::from(query.limit))
            .fetch_all(self.pool())
            .await?;
        Ok(grouped(rows))
    }

    /// How many users a list has, up to [`COUNTED_TO`] and one.
    pub async fn count_users(
        &self,
        which: &WhichUsers,
        now: UnixSeconds,
    ) -> Result<u64, StorageError> {
        let (which, _) = &self.rarest_first(which).await?;
        let statement = match which {
            WhichUsers::Found(_) => COUNT_FOUND,
            _ => statement!(count, which, false),
        };
        let mut count = sqlx::query_as(statement)
            .bind(to_db(now))
            .bind(since(which));
        for (from, to) in ranges(which) {
            count = count.bind(from).bind(to);
        }
        let (count,): (i64,) = count
            .bind(to_db(which.counted_to() + 1))
            .fetch_one(self.pool())
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn since(which: &WhichUsers) -> i64 {
    match which {
        WhichUsers::SignedInSince(since) => to_db(*since),
        WhichUsers::SignedInNow
        | WhichUsers::Everybody
        | WhichUsers::One(_)
        | WhichUsers::Found(_) => 0,
    }
}

/// From where to where each searched word reaches; empty texts where there are fewer words. An id stands
/// where the first word begins.
pub(super) fn ranges(which: &WhichUsers) -> [(String, String); MOST_SEARCHED] {
    let mut words = match which {
        WhichUsers::Found(words) => words.clone(),
        WhichUsers::One(id) => vec![id.clone()],
        WhichUsers::SignedInSince(_) | WhichUsers::SignedInNow | WhichUsers::Everybody => {
            Vec::new()
        }
    };
    let mut words = words.drain(..);
    std::array::from_fn(|_| {
        words.next().map_or_else(Default::default, |word| {
            let end = format!("{word}{END}");
            (word, end)
        })
    })
}
