//! The revocations of a piece. The database joins them into one text, a line each, because the
//! driver needs ten times as long to fetch a row as the database needs to find it.
//!
//! A second query of the same transaction finds where the next piece begins, so nothing depends on
//! the order of the lines.

use std::sync::LazyLock;

use portcullis::protocol::feed::{Revocation, Scope, Subject};

use crate::storage::database::columns::from_db;
use crate::storage::database::error::{CorruptValue, StorageError};
use crate::storage::feed::items::{Audiences, Read};

/// A page of revocations, as one text.
pub static PAGE_OF_REVOCATIONS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT string_agg(line, '\n') FROM (SELECT \
         concat_ws(' ', scope, subject, audience, version, fresh, expires_at) AS line \
         {} LIMIT $5) AS page",
        rows_after()
    )
});

/// The last revocation of a page, and the one after it.
pub static END_OF_PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT scope, subject, audience, fresh {} LIMIT 2 OFFSET $5",
        rows_after()
    )
});

/// The revocations after the key `$1` to `$4` that a follower sees, found by primary key: a page
/// costs what it holds, however many revocations there are. `$6` comes from [`seen_by`].
///
/// Rows of a scope that this version does not know are read too, so that they are an error.
fn rows_after() -> String {
    let of_applications: String = Scope::ALL
        .into_iter()
        .filter_map(|scope| {
            let column = audience_column(scope)?;
            Some(format!(
                "WHEN '{scope}' THEN $6 LIKE '% ' || {column} || ' %' "
            ))
        })
        .collect();
    format!(
        "FROM revocations WHERE (scope, subject, audience, fresh) > ($1, $2, $3, $4) \
         AND ($6 = '' OR CASE scope {of_applications}ELSE TRUE END) \
         ORDER BY scope, subject, audience, fresh"
    )
}

/// The column with the audience of a revocation that concerns one application. Every follower sees
/// revocations of the other scopes.
const fn audience_column(scope: Scope) -> Option<&'static str> {
    match scope {
        Scope::User | Scope::Session => None,
        Scope::Application => Some("subject"),
        Scope::UserApplication => Some("audience"),
    }
}

/// Scope, subject, audience and kind: the primary key.
pub(super) type Key = (String, String, String, i64);

/// Reads at most `room` revocations after a key, and the key of the next piece if more follow.
pub(super) async fn after(
    read: &mut Read,
    key: Key,
    room: i64,
    audiences: Audiences<'_>,
) -> Result<(Vec<Revocation>, Option<Key>), StorageError> {
    let seen_by = seen_by(audiences);
    let (text,): (Option<String>,) = sqlx::query_as(PAGE_OF_REVOCATIONS.as_str())
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
    let revocations: Result<Vec<_>, _> = text.lines().map(revocation).collect();
    let revocations = revocations?;
    if lines < room {
        return Ok((revocations, None));
    }
    let mut end: Vec<Key> = sqlx::query_as(END_OF_PAGE.as_str())
        .bind(&key.0)
        .bind(&key.1)
        .bind(&key.2)
        .bind(key.3)
        .bind((room - 1).max(0))
        .bind(&seen_by)
        .fetch_all(&mut **read)
        .await?;
    let next = match (room, end.len()) {
        // Applications have filled the page, so all revocations follow.
        (0, 1..) => Some(key),
        (_, 2..) => Some(end.swap_remove(0)),
        _ => None,
    };
    Ok((revocations, next))
}

/// The audiences whose revocations a follower sees, each between spaces; empty for all.
fn seen_by(audiences: Audiences<'_>) -> String {
    audiences.map_or_else(String::new, |all| format!(" {} ", all.join(" ")))
}

fn revocation(line: &str) -> Result<Revocation, CorruptValue> {
    let mut fields = line.split(' ');
    let mut field = || fields.next().unwrap_or_default();
    let scope = Scope::parse(field())?;
    let mut ids = [field(), field()].into_iter();
    let numbers = [field(), field(), field()].map(str::parse::<i64>);
    let ([Ok(version), Ok(fresh), Ok(until)], None) = (numbers, fields.next()) else {
        return Err(CorruptValue::Revocation);
    };
    let next_id = || {
        ids.next()
            .map(str::to_owned)
            .ok_or(CorruptValue::Revocation)
    };
    Ok(Revocation {
        subject: Subject::from_ids(scope, next_id)?,
        version: from_db(version),
        fresh: fresh != 0,
        until: from_db(until),
    })
}

#[cfg(test)]
mod tests {
    use portcullis::time::UnixSeconds;

    use super::*;

    #[test]
    fn a_line_is_a_revocation_or_an_error() {
        let read = |line| revocation(line).ok();
        let expected = Revocation {
            subject: Subject::UserApplication("u1".into(), "a1".into()),
            version: 57,
            fresh: true,
            until: UnixSeconds::new(1_795),
        };
        assert_eq!(read("user_application u1 a1 57 1 1795"), Some(expected));
        let subject = Subject::Session("s1".into());
        let read_subject = read("session s1  1 0 2").map(|one| one.subject);
        assert_eq!(read_subject, Some(subject));
        for odd in [
            "planet p1  1 0 2",
            "user",
            "user u1  1 0",
            "user u 1  1 0 2",
            "user u1  1 0 2 3",
            "user u1  1 0 x",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
