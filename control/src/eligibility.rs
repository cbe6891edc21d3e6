//! Whether a user may have a token for an application.
//!
//! Exchanging a code, refreshing a token and making a token for scripts all ask [`judge`], with
//! facts that the database gave as of one moment; the moment's version goes into the token. Each
//! caller adds only what concerns it alone: the code's binding, the origin, whether the application
//! takes tokens in headers.

mod claims;
mod person;

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::applications::{Admitted, Application, FittingGroups};
use crate::storage::{EligibilityFacts, Session};

pub use person::{person, person_of};

/// Session, application and policy, found good at one moment of the database.
pub struct Admission<'a> {
    /// The global session.
    pub session: &'a Session,
    /// The application.
    pub application: &'a Application,
    /// The rule of its policy that admits the user, and for how long.
    pub admitted: Admitted,
    /// The user's groups that the application gets to know; `None`: it forwards none.
    pub groups: Option<FittingGroups>,
    /// The feed's version at that moment.
    pub version: u64,
}

/// A token that the new one would replace. It must be good itself, apart from its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplacedToken {
    /// `ver`.
    pub version: u64,
    /// Whether it is bound to a binding secret.
    pub is_bound: bool,
}

/// Why a user gets no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The application is gone.
    ApplicationGone,
    /// The user was revoked a moment ago.
    UserBlocked {
        /// How long the block still lasts.
        remaining: Duration,
    },
    /// The session has ended or expired, its user is disabled or gone, or the token to be replaced
    /// is revoked.
    SessionEnded,
    /// Only a new sign-in helps: it is demanded, or the token to be replaced lacks the binding that
    /// the application wants.
    SignInRequired,
    /// The application's policy does not admit the user.
    NotAdmitted,
}

/// Judges the facts. `replaced` is the token that a refresh replaces; a token that replaces none
/// has the version of the facts, so no stored revocation refuses it.
///
/// The first rule that fails is the reason. The block comes before the session, because a
/// revocation ends the session too, and the user should hear how long to wait.
///
/// # Errors
/// The reason why there is no token.
pub fn judge(
    facts: &EligibilityFacts,
    replaced: Option<ReplacedToken>,
    now: UnixSeconds,
) -> Result<Admission<'_>, Denied> {
    let application = facts.application.as_ref().ok_or(Denied::ApplicationGone)?;
    if let Some(remaining) = remaining_block(facts, now) {
        return Err(Denied::UserBlocked { remaining });
    }
    let session = live_session(facts, now).ok_or(Denied::SessionEnded)?;
    let mut revocations = facts.revocations.iter();
    if revocations.any(|one| one.refuses_sign_in(session.auth_ver)) {
        return Err(Denied::SignInRequired);
    }
    if let Some(token) = replaced {
        // Versions are compared, never clocks: a revocation that has expired counts too.
        let mut revocations = facts.revocations.iter();
        if revocations.any(|one| one.refuses_token(token.version)) {
            return Err(Denied::SessionEnded);
        }
        if application.definition.binding_cookie && !token.is_bound {
            return Err(Denied::SignInRequired);
        }
    }
    let person = person_of(session);
    let admitted = application.definition.admit(&person);
    Ok(Admission {
        session,
        application,
        admitted: admitted.ok_or(Denied::NotAdmitted)?,
        groups: application.definition.forwarded_groups(&person),
        version: facts.version,
    })
}

fn remaining_block(facts: &EligibilityFacts, now: UnixSeconds) -> Option<Duration> {
    let remaining = facts.user?.blocked_until.duration_since(now);
    (!remaining.is_zero()).then_some(remaining)
}

/// The session, if it has not expired and its user is not disabled.
fn live_session(facts: &EligibilityFacts, now: UnixSeconds) -> Option<&Session> {
    let user = facts.user?;
    let session = facts.session.as_ref()?;
    (!user.disabled && session.expires_at > now).then_some(session)
}
