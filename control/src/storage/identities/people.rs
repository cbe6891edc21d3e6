//! Which user a person is.

use std::collections::BTreeSet;

use portcullis::time::{UnixMillis, UnixSeconds};

use super::identity::{IdentityEmail, IdentityUser, Person, SignedInIdentity};
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::sessions::NewSession;
use crate::storage::users::words;

/// The person, who is stored if they are new. `None` if another transaction has just done that: the
/// caller begins again.
pub(super) async fn find_or_add(
    write: &mut Write,
    identity: &SignedInIdentity,
    session: &NewSession,
) -> Result<Option<Person>, StorageError> {
    if let Some(person) = find(write, identity).await? {
        return Ok(Some(person));
    }
    let to_join = user_to_join(write, identity).await?;
    let is_linked = to_join.is_some();
    let user = match to_join {
        Some(id) => IdentityUser { id, is_new: false },
        None => add_user(write, identity, session).await?,
    };
    let (shown, normal, is_believed) = columns(identity.email.as_ref());
    let added = sqlx::query(
        "INSERT INTO identities (id, user_id, provider_id, subject, email, email_normal, \
         email_believed, groups, claims, created_at, last_seen_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, '[]', '{}', $8, $8) \
         ON CONFLICT (provider_id, subject) DO NOTHING",
    )
    .bind(&identity.id)
    .bind(&user.id)
    .bind(&identity.provider_id)
    .bind(&identity.subject)
    .bind(shown)
    .bind(normal)
    .bind(is_believed)
    .bind(to_db(session.now))
    .execute(write.connection())
    .await;
    match added {
        Ok(added) => Ok((added.rows_affected() == 1).then(|| Person {
            identity_id: identity.id.clone(),
            user,
            is_linked,
        })),
        // The user whom it was to join was removed meanwhile.
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn find(
    write: &mut Write,
    identity: &SignedInIdentity,
) -> Result<Option<Person>, StorageError> {
    let row: Option<(String, String)> = sqlx::query_as(
        "SELECT id, user_id FROM identities WHERE provider_id = $1 AND subject = $2",
    )
    .bind(&identity.provider_id)
    .bind(&identity.subject)
    .fetch_optional(write.connection())
    .await?;
    Ok(row.map(|(identity_id, id)| Person {
        identity_id,
        user: IdentityUser { id, is_new: false },
        is_linked: false,
    }))
}

/// The one user to whom another provider's identity with the same address belongs. Both providers
/// join identities by address, and may speak for this one. `None` if there are several.
async fn user_to_join(
    write: &mut Write,
    identity: &SignedInIdentity,
) -> Result<Option<String>, StorageError> {
    let Some(email) = identity.email.as_ref().filter(|email| email.is_believed) else {
        return Ok(None);
    };
    let mut users = BTreeSet::new();
    for provider_id in &identity.joins {
        let found: Vec<(String,)> = sqlx::query_as(
            "SELECT user_id FROM identities \
             WHERE email_normal = $1 AND email_believed = 1 AND provider_id = $2",
        )
        .bind(&email.normal)
        .bind(provider_id)
        .fetch_all(write.connection())
        .await?;
        users.extend(found.into_iter().map(|(id,)| id));
    }
    let one = users.pop_first();
    Ok(one.filter(|_| users.is_empty()))
}

async fn add_user(
    write: &mut Write,
    identity: &SignedInIdentity,
    session: &NewSession,
) -> Result<IdentityUser, StorageError> {
    let (shown, normal, _) = columns(identity.email.as_ref());
    sqlx::query(
        "INSERT INTO users (id, email, email_normal, name, disabled, \
         blocked_until, created_at) VALUES ($1, $2, $3, $4, 0, 0, $5)",
    )
    .bind(&session.user_id)
    .bind(shown)
    .bind(normal)
    .bind(&identity.name)
    .bind(to_db(session.now))
    .execute(write.connection())
    .await?;
    words::store(write, &session.user_id).await?;
    Ok(IdentityUser {
        id: session.user_id.clone(),
        is_new: true,
    })
}

/// Notes that what the provider said when it was asked at the first of these times is stored now, at
/// the second. False if what it said later is already stored.
pub(super) async fn is_newest(
    write: &mut Write,
    identity_id: &str,
    (asked_at, now): (UnixMillis, UnixMillis),
) -> Result<bool, StorageError> {
    // A time in the future is one from before the clock was set back.
    let noted = sqlx::query(
        "UPDATE identities SET asked_at = $1 WHERE id = $2 AND (asked_at <= $1 OR asked_at > $3)",
    )
    .bind(to_db(asked_at))
    .bind(identity_id)
    .bind(to_db(now))
    .execute(write.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Stores what the provider says now. The user keeps their id whatever the address is; the address of
/// a user with a password is their own, and stays.
pub(super) async fn describe(
    write: &mut Write,
    identity: &SignedInIdentity,
    person: &Person,
    now: UnixSeconds,
) -> Result<(), StorageError> {
    // By the end of this second.
    let stored_at = UnixMillis::new((now.get() + 1).saturating_mul(1_000));
    if !is_newest(write, &person.identity_id, (identity.asked_at, stored_at)).await? {
        return Ok(());
    }
    let (shown, normal, is_believed) = columns(identity.email.as_ref());
    sqlx::query(
        "UPDATE identities SET email = $1, email_normal = $2, email_believed = $3, groups = $4, \
         claims = $5, last_seen_at = $6 WHERE id = $7",
    )
    .bind(shown)
    .bind(normal)
    .bind(is_believed)
    .bind(serde_json::to_string(&identity.groups)?)
    .bind(serde_json::to_string(&identity.claims)?)
    .bind(to_db(now))
    .bind(&person.identity_id)
    .execute(write.connection())
    .await?;
    sqlx::query(
        "UPDATE users SET email = $1, email_normal = $2, name = $3 \
         WHERE id = $4 AND password_hash IS NULL",
    )
    .bind(shown)
    .bind(normal)
    .bind(&identity.name)
    .bind(&person.user.id)
    .execute(write.connection())
    .await?;
    words::store(write, &person.user.id).await
}

/// How it is shown, what it is compared by, and whether it is believed; empty texts for none.
fn columns(email: Option<&IdentityEmail>) -> (&str, &str, i64) {
    email.map_or(("", "", 0), |email| {
        (&email.shown, &email.normal, i64::from(email.is_believed))
    })
}
