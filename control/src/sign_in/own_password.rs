//! People change their own password.
//!
//! The old password is demanded, and wrong ones count like failed sign-ins: a browser that somebody
//! left unlocked must not be enough to guess it.

use std::net::IpAddr;

use super::new_password::{self, NewPasswordError};
use super::password::{self, Browser, PasswordSignInError, Typed};
use super::password_hashing::Caller;
use crate::audit::source::Source;
use crate::service::Service;
use crate::storage::{PasswordChange, Session, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

/// A change of one's own password.
pub struct OwnPasswordChange {
    /// The old password.
    pub old: Plain,
    /// The new password.
    pub new: Plain,
    /// The new password, typed again.
    pub again: Plain,
    /// Whether the user's other sessions end.
    pub end_others: bool,
}

/// What became of it. Unless it is done, nothing changed.
#[derive(Debug)]
pub enum ChangeOutcome {
    /// The password was changed.
    Done {
        /// The session as it is now. Its id is new if others ended, so the browser needs its cookie.
        session: Session,
        /// How many other sessions ended.
        sessions_ended: u64,
    },
    /// The old password is wrong.
    WrongPassword,
    /// The session has ended meanwhile.
    SessionEnded,
    /// The new passwords differ.
    Different,
    /// The new password is the old one.
    Unchanged,
    /// The new password cannot be used.
    Invalid(String),
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The old password was not checked.
    #[error(transparent)]
    Check(#[from] PasswordSignInError),
    /// The new one was not hashed.
    #[error(transparent)]
    New(#[from] NewPasswordError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness for the session's new id.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Changes the password of a session's user. The user stays signed in in this browser. If other
/// sessions end, so do all copies of this session's cookie: it goes on under a new id.
///
/// # Errors
/// When nothing was changed.
pub async fn change(
    service: &Service,
    session: &Session,
    change: OwnPasswordChange,
    client: IpAddr,
    source: Source,
) -> Result<ChangeOutcome, ChangePasswordError> {
    // What the user can mend costs no attempt.
    if change.new.reveal() != change.again.reveal() {
        return Ok(ChangeOutcome::Different);
    }
    if let Some(fault) = new_password::fault(&change.new) {
        return Ok(ChangeOutcome::Invalid(fault));
    }
    let typed = Typed {
        email: &session.email,
        password: &change.old,
        client,
        source: &source,
        application: "",
        browser: Browser::Session(session),
    };
    let user = password::authenticate(service, typed).await?;
    // Another user with the same address may have the password.
    let old = user
        .filter(|user| user.id == session.user_id)
        .and_then(|user| user.password);
    let Some(old) = old else {
        return not_changed(service, session).await;
    };
    if change.new.reveal() == change.old.reveal() {
        return Ok(ChangeOutcome::Unchanged);
    }
    let caller = Caller::User(&session.user_id);
    let new = new_password::make(service, caller, Some(change.new)).await?;
    let new_id = if change.end_others {
        Some(service.random.id()?)
    } else {
        None
    };
    let by = source.by(session.actor());
    let password = PasswordChange {
        user_id: &session.user_id,
        email: &session.email,
        old: &old,
        new: &new.hash,
        session: &session.id,
        end_others: new_id.as_deref(),
        now: service.now(),
    };
    let changed = service.storage.change_password(&password, &by).await?;
    let Some(ended) = changed else {
        // The password was changed elsewhere since it was checked, or the session has ended.
        return not_changed(service, session).await;
    };
    if let Some(version) = ended.version {
        service.notifier.committed(version);
    }
    tracing::info!(
        user = session.user_id,
        email = session.email,
        sessions_ended = ended.count,
        "password changed by its user"
    );
    Ok(ChangeOutcome::Done {
        session: Session {
            id: new_id.unwrap_or_else(|| session.id.clone()),
            ..session.clone()
        },
        sessions_ended: ended.count,
    })
}

/// Why a password that was checked was not changed.
async fn not_changed(
    service: &Service,
    session: &Session,
) -> Result<ChangeOutcome, ChangePasswordError> {
    let refusals = service.keys().await?.refusals();
    let storage = &service.storage;
    let live = storage
        .session(&session.id, refusals, service.now())
        .await?;
    Ok(match live {
        Some(_) => ChangeOutcome::WrongPassword,
        None => ChangeOutcome::SessionEnded,
    })
}
