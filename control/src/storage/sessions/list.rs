//! The list of global sessions: browser, address, times, and applications for which they were used.

use std::collections::HashMap;

use portcullis::time::UnixSeconds;

use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// `sid`.
    pub id: String,
    /// `sub`.
    pub user_id: String,
    /// The user's e-mail address.
    pub email: String,
    /// The browser, in plain words.
    pub browser: String,
    /// The browser's `user-agent`, cut to a limit.
    pub user_agent: String,
    /// The client address of the last sign-in.
    pub address: String,
    /// When it began.
    pub since: UnixSeconds,
    /// When it ends.
    pub until: UnixSeconds,
    /// When the user last signed in.
    pub signed_in_at: UnixSeconds,
    /// When a token was last issued under it, to the minute.
    pub last_used_at: UnixSeconds,
    /// The applications for which tokens were issued under it, by name.
    pub applications: Vec<UsedApplication>,
}

/// An application for which a session was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedApplication {
    /// Its name.
    pub name: String,
    /// When a token was last issued for it, to the minute.
    pub last_token_at: UnixSeconds,
}

/// Which sessions to list, newest first.
#[derive(Debug, Clone, Copy)]
pub struct SessionQuery<'a> {
    /// One user's, by id or by what the e-mail address is compared by; empty for all.
    pub user: &'a str,
    /// The time.
    pub now: UnixSeconds,
    /// Only sessions after the one that began at this time and has this id.
    pub after: Option<(UnixSeconds, &'a str)>,
    /// The most to list.
    pub limit: u32,
}

type Columns = (
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
    i64,
    Option<String>,
    Option<i64>,
);

/// The page of live sessions whose user a condition on `$2` chooses. Both statements have the same
/// parameters.
macro_rules! page {
    ($who:expr) => {
        concat!(
            "SELECT page.id, page.user_id, page.email, page.browser, page.user_agent, \
             page.address, page.created_at, page.expires_at, page.auth_time, page.last_used_at, \
             applications.name, used.last_token_at FROM (\
             SELECT sessions.*, users.email FROM sessions \
             JOIN users ON users.id = sessions.user_id \
             WHERE sessions.expires_at > $1 AND ",
            $who,
            " AND sessions.created_at <= $3 \
             AND (sessions.created_at < $3 OR sessions.id > $4) \
             ORDER BY sessions.created_at DESC, sessions.id LIMIT $5) AS page \
             LEFT JOIN session_applications AS used ON used.session_id = page.id \
             LEFT JOIN applications ON applications.audience = used.audience \
             ORDER BY page.created_at DESC, page.id, applications.name"
        )
    };
}

impl Database {
    /// Lists live sessions.
    pub async fn list_sessions(
        &self,
        query: SessionQuery<'_>,
    ) -> Result<Vec<ListedSession>, StorageError> {
        // The first page begins with the latest moment that the database can hold.
        let (since, id) = query.after.unwrap_or((UnixSeconds::new(u64::MAX), ""));
        let statement = match query.user {
            "" => page!("$2 = ''"),
            _ => page!(
                "sessions.user_id IN (SELECT id FROM users WHERE id = $2 \
                 UNION ALL SELECT id FROM users WHERE email_normal = $2)"
            ),
        };
        let rows: Vec<Columns> = sqlx::query_as(statement)
            .bind(to_db(query.now))
            .bind(query.user)
            .bind(to_db(since))
            .bind(id)
            .bind(i64::from(query.limit))
            .fetch_all(self.pool())
            .await?;
        Ok(grouped(rows))
    }

    /// How many sessions are in an application now: those with a token that has not ended. No token outlives
    /// its session.
    pub async fn sessions_in(&self, audience: &str, now: UnixSeconds) -> Result<u64, StorageError> {
        let (count,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM session_applications WHERE audience = $1 AND token_until > $2",
        )
        .bind(audience)
        .bind(to_db(now))
        .fetch_one(self.pool())
        .await?;
        Ok(from_db(count))
    }

    /// How many sessions are in each application now.
    pub async fn sessions_in_each(
        &self,
        now: UnixSeconds,
    ) -> Result<HashMap<String, u64>, StorageError> {
        let statement = match self.is_sqlite() {
            // Application by application, so that tokens that have ended are not read.
            true => {
                "SELECT audience, (SELECT COUNT(*) FROM session_applications AS used \
                 WHERE used.audience = applications.audience AND token_until > $1) \
                 FROM applications WHERE gone = 0"
            }
            // It reads them all, in parallel.
            false => {
                "SELECT audience, COUNT(*) FROM session_applications WHERE token_until > $1 \
                 GROUP BY audience"
            }
        };
        let rows: Vec<(String, i64)> = sqlx::query_as(statement)
            .bind(to_db(now))
            .fetch_all(self.pool())
            .await?;
        let counts = rows.into_iter();
        Ok(counts
            .map(|(audience, count)| (audience, from_db(count)))
            .collect())
    }

    /// The sessions whose tokens for an application end last.
    pub async fn newest_sessions_in(
        &self,
        audience: &str,
        (now, limit): (UnixSeconds, u32),
    ) -> Result<Vec<ListedSession>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT page.id, page.user_id, users.email, page.browser, page.user_agent, \
             page.address, page.created_at, page.expires_at, page.auth_time, page.last_used_at, \
             applications.name, used.last_token_at FROM (\
             SELECT * FROM session_applications WHERE audience = $1 AND token_until > $2 \
             ORDER BY token_until DESC LIMIT $3) AS used \
             JOIN sessions AS page ON page.id = used.session_id \
             JOIN users ON users.id = page.user_id \
             JOIN applications ON applications.audience = used.audience \
             WHERE page.expires_at > $2 ORDER BY used.token_until DESC, page.id",
        )
        .bind(audience)
        .bind(to_db(now))
        .bind(i64::from(limit))
        .fetch_all(self.pool())
        .await?;
        Ok(grouped(rows))
    }

    /// A live session.
    pub async fn listed_session(
        &self,
        id: &str,
        now: UnixSeconds,
    ) -> Result<Option<ListedSession>, StorageError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT page.id, page.user_id, users.email, page.browser, page.user_agent, \
             page.address, page.created_at, page.expires_at, page.auth_time, page.last_used_at, \
             applications.name, used.last_token_at FROM sessions AS page \
             JOIN users ON users.id = page.user_id \
             LEFT JOIN session_applications AS used ON used.session_id = page.id \
             LEFT JOIN applications ON applications.audience = used.audience \
             WHERE page.id = $1 AND page.expires_at > $2 ORDER BY applications.name",
        )
        .bind(id)
        .bind(to_db(now))
        .fetch_all(self.pool())
        .await?;
        Ok(grouped(rows).pop())
    }
}

/// Makes one session of all rows with its id, which follow each other.
fn grouped(rows: Vec<Columns>) -> Vec<ListedSession> {
    let mut sessions: Vec<ListedSession> = Vec::new();
    for row in rows {
        let (id, user_id, email, browser, user_agent, address, ..) = row;
        let (.., since, until, signed_in_at, last_used_at, name, last_token_at) = row;
        let used = name.zip(last_token_at).map(|(name, at)| UsedApplication {
            name,
            last_token_at: from_db(at),
        });
        match sessions.last_mut().filter(|session| session.id == id) {
            Some(session) => session.applications.extend(used),
            None => sessions.push(ListedSession {
                id,
                user_id,
                email,
                browser,
                user_agent,
                address,
                since: from_db(since),
                until: from_db(until),
                signed_in_at: from_db(signed_in_at),
                last_used_at: from_db(last_used_at),
                applications: used.into_iter().collect(),
            }),
        }
    }
    sessions
}
