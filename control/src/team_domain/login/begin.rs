//! The global session that comes of a sign-in.
//!
//! Whoever signs in where they have a session already keeps it, renewed: its end would take tokens
//! and codes of another tab with it, and a second one beside it would outlive the sign-out.

use super::super::csrf::FormGuard;
use super::super::failure::Failure;
use super::{ClientOf, LoginAttempt};
use crate::service::Service;
use crate::sessions::client_description::ClientDescription;
use crate::storage::{Account, BegunSession, NewSession, Session};

/// Somebody who proved who they are.
pub struct SignIn<'a> {
    /// Who.
    pub account: &'a Account,
    /// Where from.
    pub attempt: Option<&'a LoginAttempt>,
    /// The session that the browser has already, perhaps somebody else's.
    pub before: Option<&'a Session>,
}

impl SignIn<'_> {
    /// The global session, new or renewed, or why there is none.
    pub async fn begin(
        &self,
        service: &Service,
        client: &ClientOf<'_>,
    ) -> Result<Result<Session, BegunSession>, Failure> {
        let now = service.now();
        let through = self.attempt.map(|attempt| {
            let definition = &attempt.application.definition;
            definition
                .admit(&self.account.email)
                .map_or_else(|| definition.session_duration(), |by| by.session_duration)
        });
        let new = NewSession {
            id: service.random.id()?,
            user_id: self.account.id.clone(),
            now,
            expires_at: now + service.global_duration(through).as_secs(),
            client: ClientDescription::of(client.headers, client.address(service)),
            before: self.before.map(|session| session.id.clone()),
            form: FormGuard::hashed(client.headers),
        };
        Ok(match service.storage.begin_session(&new).await? {
            BegunSession::Begun {
                id,
                auth_ver,
                expires_at,
                ended_others,
            } => {
                if let Some(version) = ended_others {
                    service.notifier.committed(version);
                }
                let renewed = id != new.id;
                tracing::info!(user = new.user_id, session = id, renewed, "signed in");
                Ok(Session {
                    id,
                    user_id: new.user_id,
                    email: self.account.email.clone(),
                    auth_time: now,
                    auth_ver,
                    expires_at,
                })
            }
            refused => {
                tracing::info!(user = new.user_id, ?refused, "sign-in refused");
                Err(refused)
            }
        })
    }
}

/// Whoever signs in as somebody else leaves as who they were.
pub async fn leave_other_users_session(
    service: &Service,
    before: Option<Session>,
    now: &Session,
) -> Result<(), Failure> {
    if let Some(before) = before.filter(|before| before.user_id != now.user_id)
        && let Some(version) = service.storage.end_session(&before.id).await?
    {
        service.notifier.committed(version);
    }
    Ok(())
}
