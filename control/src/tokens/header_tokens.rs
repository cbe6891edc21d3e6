//! Tokens for scripts: application tokens with `use: "header"`, which are not bound to a browser,
//! are taken from headers only, and are never refreshed.
//!
//! They belong to the global session of the person who made them, so whatever ends that session,
//! or revokes the user or the application, ends them too. None is stored.

use std::time::Duration;

use portcullis::protocol::claims::{ApplicationClaims, TokenUse};
use portcullis::time::UnixSeconds;

use crate::applications::{Application, Definition};
use crate::audit::source::Source;
use crate::audit::{Event, EventName, Subject};
use crate::eligibility::{self, Denied, person_of};
use crate::metrics::IssuedFor;
use crate::service::Service;
use crate::storage::{EligibilityFacts, EligibilityQuery, Session, ShownSignIn, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::keys::SignError;
use crate::tokens::secret::Plain;
use crate::tokens::told::of_token;

/// A token that was made.
pub struct HeaderToken {
    /// To be shown once.
    pub token: Plain,
    /// Its end.
    pub expires_at: UnixSeconds,
    /// The application that it opens.
    pub application: Application,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum NoHeaderToken {
    /// The session has ended, or its user is disabled or was revoked a moment ago.
    #[error("the session has ended")]
    SessionEnded,
    /// The application is gone, or takes no tokens in headers.
    #[error("the application takes no tokens in headers")]
    NotAllowed,
    /// The application wants a later sign-in.
    #[error("a new sign-in is needed")]
    LoginRequired,
    /// The application's policy does not admit the user.
    #[error("the policy does not admit the user")]
    PolicyDenied,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The token was not signed.
    #[error(transparent)]
    Sign(SignError),
}

impl From<SignError> for NoHeaderToken {
    fn from(error: SignError) -> Self {
        match error {
            SignError::KeyRefused => Self::SessionEnded,
            error => Self::Sign(error),
        }
    }
}

impl From<Denied> for NoHeaderToken {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::ApplicationGone => Self::NotAllowed,
            Denied::UserBlocked { .. } | Denied::SessionEnded => Self::SessionEnded,
            Denied::SignInRequired => Self::LoginRequired,
            Denied::NotAdmitted => Self::PolicyDenied,
        }
    }
}

/// Makes a token that proves the sign-in that was shown, and none after it. Session, user and
/// policy are judged as of one moment of the database, whose version goes into the token, as at an
/// exchange.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    shown: &ShownSignIn,
    audience: &str,
    source: Source,
) -> Result<HeaderToken, NoHeaderToken> {
    let query = EligibilityQuery {
        shown,
        user_id: None,
        audience,
    };
    let facts = service.storage.eligibility(query).await?;
    let admission = match eligibility::judge(&facts, None, service.now()) {
        // A user who gets no token anyway is not asked to sign in again, and does not learn that
        // the application demands it.
        Err(Denied::SignInRequired) if !is_offered(&facts) => {
            return Err(NoHeaderToken::NotAllowed);
        }
        judged => judged?,
    };
    if !admission.application.definition.header_tokens {
        return Err(NoHeaderToken::NotAllowed);
    }
    let claims = ApplicationClaims {
        usage: Some(TokenUse::Header),
        // A script navigates nowhere: with a duration of 0 its token is only short.
        every_navigation: false,
        ..admission.claims(service, None)?
    };
    let by = source.by(admission.session.actor());
    let event = Event::new(EventName::TokenIssued, &by, Subject::session(&claims.sid))
        .detail("for", "script")
        .detail("expires_at", claims.exp.get());
    let application = &admission.application.definition;
    let event = of_token(event, application, &admission.admitted, &claims);
    let noted =
        service
            .storage
            .note_header_token(&claims.sid, audience, (claims.iat, claims.exp), event);
    if !noted.await? {
        return Err(NoHeaderToken::SessionEnded);
    }
    let keys = service.keys().await?;
    let token = keys.sign_for(shown.key_refusals, &claims)?;
    service.metrics.token_issued(IssuedFor::Script);
    tracing::info!(
        session = claims.sid,
        user = claims.sub,
        email = claims.email,
        application = admission.application.definition.name,
        audience,
        token = claims.jti,
        version = facts.version,
        "token for scripts made"
    );
    Ok(HeaderToken {
        token: Plain::new(token),
        expires_at: claims.exp,
        application: admission.application.clone(),
    })
}

/// Whether the application offers tokens to the session's user.
fn is_offered(facts: &EligibilityFacts) -> bool {
    let of = facts.application.as_ref().zip(facts.session.as_ref());
    of.is_some_and(|(application, session)| longest(&application.definition, session).is_some())
}

/// How long a user's token for an application lasts at most, as far as can be said before it is
/// made. `None`: the application takes none, or does not admit the user.
#[must_use]
pub fn longest(application: &Definition, session: &Session) -> Option<Duration> {
    let admitted = application.admit(&person_of(session))?;
    application.header_tokens.then(|| admitted.longest_token())
}
