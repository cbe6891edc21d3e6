//! The revocations of a piece. The database writes them into one text, a line each: to fetch a
//! row takes the driver ten times as long as to find it.
//!
//! Which they are and where the next piece begins are two questions, asked of one moment, so that
//! nothing depends on the order in which the database puts a text together.

use portcullis::protocol::feed::{Revocation, Subject};
use portcullis::time::UnixSeconds;
use serde::de::Error as _;

use super::{Audiences, Read};
use crate::storage::{StorageError, from_db};

/// Those after one that a follower sees, by primary key: a page costs what is on it, however many
/// there are. `$6` is what [`seen_by`] says.
macro_rules! those_after {
    () => {
        "FROM revocations WHERE (scope, subject, audience, fresh) > ($1, $2, $3, $4) \
         AND ($6 = '' OR scope IN ('user', 'session') \
         OR (scope = 'application' AND $6 LIKE '% ' || subject || ' %') \
         OR (scope = 'user_application' AND $6 LIKE '% ' || audience || ' %')) \
         ORDER BY scope, subject, audience, fresh"
    };
}

/// A page of revocations, as one text.
pub const PAGE_OF_REVOCATIONS: &str = concat!(
    "SELECT string_agg(line, '\n') FROM (SELECT \
     concat_ws(' ', scope, subject, audience, version, fresh, expires_at) AS line ",
    those_after!(),
    " LIMIT $5) AS page"
);

/// The last of a page, and the one after it.
pub const END_OF_PAGE: &str = concat!(
    "SELECT scope, subject, audience, fresh ",
    those_after!(),
    " LIMIT 2 OFFSET $5"
);

/// Scope, subject, audience and kind: the primary key.
pub(super) type Key = (String, String, String, i64);

/// Reads at most `room` after a key; says after which key to go on, if more follow.
pub(super) async fn after(
    read: &mut Read,
    key: Key,
    room: i64,
    audiences: Audiences<'_>,
) -> Result<(Vec<Revocation>, Option<Key>), StorageError> {
    let seen_by = seen_by(audiences);
    let (text,): (Option<String>,) = sqlx::query_as(PAGE_OF_REVOCATIONS)
        .bind(&key.0)
        .bind(&key.1)
        .bind(&key.2)
        .bind(key.3)
        .bind(room)
        .bind(&seen_by)
        .fetch_one(&mut **read)
        .await?;
    let text = text.unwrap_or_default();
    let lines = text.lines().count() as i64;
    let revocations: Result<Vec<_>, _> = text.lines().filter_map(revocation).collect();
    let revocations = revocations?;
    if lines < room {
        return Ok((revocations, None));
    }
    let mut end: Vec<Key> = sqlx::query_as(END_OF_PAGE)
        .bind(&key.0)
        .bind(&key.1)
        .bind(&key.2)
        .bind(key.3)
        .bind((room - 1).max(0))
        .bind(&seen_by)
        .fetch_all(&mut **read)
        .await?;
    let next = match (room, end.len()) {
        // A page that applications have filled: everything is yet to come.
        (0, 1..) => Some(key),
        (_, 2..) => Some(end.swap_remove(0)),
        _ => None,
    };
    Ok((revocations, next))
}

/// The audiences of which a follower sees revocations, each between spaces; empty: all.
fn seen_by(audiences: Audiences<'_>) -> String {
    audiences.map_or_else(String::new, |all| format!(" {} ", all.join(" ")))
}

/// A line; `None` for a scope that a later service has brought.
fn revocation(line: &str) -> Option<Result<Revocation, serde_json::Error>> {
    let mut fields = line.split(' ');
    let mut field = || fields.next().unwrap_or_default();
    let (scope, subject, audience) = (field(), field().to_owned(), field());
    let numbers = [field(), field(), field()].map(str::parse::<i64>);
    let subject = match scope {
        "user" => Subject::User(subject),
        "application" => Subject::Application(subject),
        "user_application" => Subject::UserApplication(subject, audience.to_owned()),
        "session" => Subject::Session(subject),
        _ => return None,
    };
    let ([Ok(version), Ok(fresh), Ok(until)], None) = (numbers, fields.next()) else {
        return Some(Err(serde_json::Error::custom("a revocation with odd ids")));
    };
    Some(Ok(Revocation {
        subject,
        version: from_db(version),
        fresh: fresh != 0,
        until: UnixSeconds::new(from_db(until)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_revocation_or_an_error() {
        let read = |line| revocation(line).map(Result::ok);
        let expected = Revocation {
            subject: Subject::UserApplication("u1".into(), "a1".into()),
            version: 57,
            fresh: true,
            until: UnixSeconds::new(1_795),
        };
        assert_eq!(
            read("user_application u1 a1 57 1 1795"),
            Some(Some(expected))
        );
        let subject = Subject::Session("s1".into());
        let read_subject = read("session s1  1 0 2").flatten().map(|one| one.subject);
        assert_eq!(read_subject, Some(subject));
        assert_eq!(read("planet p1  1 0 2"), None);
        for odd in [
            "user",
            "user u1  1 0",
            "user u 1  1 0 2",
            "user u1  1 0 2 3",
            "user u1  1 0 x",
        ] {
            assert_eq!(read(odd), Some(None), "{odd}");
        }
    }
}
