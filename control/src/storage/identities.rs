//! People who sign in through identity providers. A person is a provider and its `sub`, never an
//! e-mail address.

mod identity;
mod people;
mod rechecks;
mod secrets;

pub(in crate::storage) use secrets::reseal;

use portcullis::protocol::feed::TokenIds;
use portcullis::time::UnixSeconds;

use crate::audit::{Actor, Event, EventName};
use crate::seal::Seal;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;
use crate::storage::revocations::of_token::revocations_of;
use crate::storage::sessions::{self, BegunSession, NewSession, ends};
use crate::storage::tokens::signing_keys::SealingError;
use crate::tokens::secret::Hashed;
use identity::Person;
pub use identity::{IdentityEmail, IdentityUser, SignedInIdentity};
pub use rechecks::{CheckOutcome, Checked, CheckedPerson, ClaimedSession, DueRechecks};
pub use secrets::SignOutHint;

/// How often a sign-in begins again because another one has just stored the same new person.
const TRIES: usize = 3;

impl Database {
    /// When somebody signed in last with a provider.
    pub async fn last_seen_with(
        &self,
        provider_id: &str,
    ) -> Result<Option<UnixSeconds>, StorageError> {
        let (last,): (Option<i64>,) =
            sqlx::query_as("SELECT MAX(last_seen_at) FROM identities WHERE provider_id = $1")
                .bind(provider_id)
                .fetch_one(self.pool())
                .await?;
        Ok(last.map(from_db))
    }

    /// Begins a session of the person whom a provider has proven. A new person becomes a user, with
    /// the id in `session`. The session is always a new one: sessions that the user has in this
    /// browser become sessions of one browser, which end together when the user signs out. `event` tells
    /// of the sign-in; who the person is, is added to it.
    pub async fn begin_session_of(
        &self,
        identity: &SignedInIdentity,
        session: &NewSession,
        seal: &Seal,
        event: Event,
    ) -> Result<(BegunSession, IdentityUser), SealingError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let mut write = self.write().await?;
            match people::find_or_add(&mut write, identity, session).await? {
                Some(person) => {
                    return begin(write, identity, &person, (session, event), seal).await;
                }
                None if tries == 0 => return Err(StorageError::contended().into()),
                None => {}
            }
        }
    }
}

async fn begin(
    mut write: Write,
    identity: &SignedInIdentity,
    person: &Person,
    (session, event): (&NewSession, Event),
    seal: &Seal,
) -> Result<(BegunSession, IdentityUser), SealingError> {
    let session = &NewSession {
        user_id: person.user.id.clone(),
        ..session.clone()
    };
    if let Some(refused) = sessions::refused(&mut write, session).await? {
        return Ok((refused, person.user.clone()));
    }
    people::describe(&mut write, identity, person, session.now).await?;
    // After the user's row and before the sessions', in the same order as in a user's revocation. No
    // secret is sealed with another key until this ends.
    write.lock().await?;
    if is_revoked_since(&mut write, identity, session).await? {
        return Ok((BegunSession::RevokedMeanwhile, person.user.clone()));
    }
    let auth_ver = write.version_now().await?;
    sessions::insert(&mut write, session, auth_ver).await?;
    let auth_ver = from_db::<u64>(auth_ver).min(identity.auth_ver);
    note_identity(&mut write, identity, person, (session, auth_ver)).await?;
    secrets::keep(&mut write, identity, session, seal).await?;
    join_browser(&mut write, session).await?;
    let mut event = event
        .by_user(&person.user.id)
        .detail("session", session.id.as_str());
    if person.is_linked {
        event = event.detail("linked_by_email", true);
    }
    let newest = (session.user_id.as_str(), session.id.as_str());
    ends::make_room(&mut write, newest, &event).await?;
    if person.user.is_new {
        let provider = Actor::Provider(identity.provider_id.clone());
        let added = Event::new(
            EventName::UserAdded,
            &provider.into(),
            event.subject.clone(),
        );
        write.note(added);
    }
    let ended_others = write.commit([event]).await?;
    let begun = BegunSession::Begun {
        id: session.id.clone(),
        auth_ver,
        expires_at: session.expires_at,
        ended_others,
    };
    Ok((begun, person.user.clone()))
}

/// Whether the user was revoked after the sign-in had begun. What the provider has proven since then
/// may be from before it said no.
async fn is_revoked_since(
    write: &mut Write,
    identity: &SignedInIdentity,
    session: &NewSession,
) -> Result<bool, StorageError> {
    let token = TokenIds {
        user: &session.user_id,
        session: &session.id,
        audience: "",
    };
    let revocations = revocations_of(write.connection(), token).await?;
    let mut revocations = revocations.iter();
    Ok(revocations.any(|one| one.refuses_token(identity.begun_ver)))
}

/// Notes what the provider said in the session's row.
async fn note_identity(
    write: &mut Write,
    identity: &SignedInIdentity,
    person: &Person,
    (session, auth_ver): (&NewSession, u64),
) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE sessions SET identity_id = $1, provider_sid = $2, amr = $3, acr = $4, \
         groups = $5, claims = $6, checked_at = $7, auth_ver = $8, auth_time = $9 WHERE id = $10",
    )
    .bind(&person.identity_id)
    .bind(&identity.provider_sid)
    .bind(serde_json::to_string(&identity.amr)?)
    .bind(&identity.acr)
    .bind(serde_json::to_string(&identity.groups)?)
    .bind(serde_json::to_string(&identity.claims)?)
    .bind(to_db(session.now))
    .bind(to_db(auth_ver))
    .bind(to_db(identity.signed_in_at(session.now)))
    .bind(&session.id)
    .execute(write.connection())
    .await?;
    Ok(())
}

/// Marks the user's former session in this browser as one of the same browser.
async fn join_browser(write: &mut Write, session: &NewSession) -> Result<(), StorageError> {
    let (Some(before), Some(form)) = (&session.before, &session.form) else {
        return Ok(());
    };
    sqlx::query("UPDATE sessions SET form_hash = $1 WHERE id = $2 AND user_id = $3")
        .bind(Hashed::as_str(form))
        .bind(before)
        .bind(&session.user_id)
        .execute(write.connection())
        .await?;
    Ok(())
}
