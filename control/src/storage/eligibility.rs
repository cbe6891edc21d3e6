//! The facts that decide whether a user gets a token for an application, read as of one moment.
//! [`crate::eligibility::judge`] judges them.

use portcullis::protocol::feed::TokenIds;
use portcullis::protocol::origin::Origin;
use portcullis::time::UnixSeconds;
use sqlx::Transaction;
use sqlx::any::Any;

use crate::applications::Application;
use crate::storage::applications;
use crate::storage::database::Database;
use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;
use crate::storage::revocations::of_token::{self, RevokedBelow};
use crate::storage::sessions::provided::ProvidedColumns;
use crate::storage::sessions::{Session, ShownSignIn};

/// Whose token is requested, and for which application.
#[derive(Debug, Clone, Copy)]
pub struct EligibilityQuery<'a> {
    /// The sign-in that the token would prove, at most.
    pub shown: &'a ShownSignIn,
    /// The user to whom the session must belong, if the caller knows. If it does not, the user of a
    /// session that has ended is unknown.
    pub user_id: Option<&'a str>,
    /// The application.
    pub audience: &'a str,
}

/// The facts for and against a user's token at an application.
#[derive(Debug, Clone)]
pub struct EligibilityFacts {
    /// The feed's version at that moment.
    pub version: u64,
    /// The user; `None` if unknown or gone.
    pub user: Option<UserStanding>,
    /// The session, which may have expired, with the sign-in that was shown; `None` if it has
    /// ended.
    pub session: Option<Session>,
    /// The application; `None` if it is gone.
    pub application: Option<Application>,
    /// Every revocation that concerns the user's tokens there, whichever versions it refuses.
    pub revocations: Vec<RevokedBelow>,
}

impl EligibilityFacts {
    /// The user's e-mail address, for the log; unknown if the session has ended.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.email.as_str())
    }

    /// The application's name, for the log.
    #[must_use]
    pub fn application_name(&self) -> Option<&str> {
        let application = self.application.as_ref()?;
        Some(&application.definition.name)
    }
}

/// What keeps a user from having tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserStanding {
    /// Whether the user is disabled.
    pub disabled: bool,
    /// Until when the user is blocked.
    pub blocked_until: UnixSeconds,
}

impl EligibilityFacts {
    /// Whether the application still exists and is reached at `origin`.
    #[must_use]
    pub fn is_at(&self, origin: &Origin) -> bool {
        let application = self.application.as_ref();
        application.is_some_and(|application| application.definition.is_at(origin))
    }
}

impl Database {
    /// Reads the facts for a token.
    pub async fn eligibility(
        &self,
        query: EligibilityQuery<'_>,
    ) -> Result<EligibilityFacts, StorageError> {
        let mut read = self.read().await?;
        facts(&mut read, query).await
    }
}

type Columns = (
    i64,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Reads the facts in a transaction that also reads other things of the same moment.
pub(in crate::storage) async fn facts(
    read: &mut Transaction<'static, Any>,
    query: EligibilityQuery<'_>,
) -> Result<EligibilityFacts, StorageError> {
    let shown = query.shown;
    let row = row(read, query).await?;
    let (version, user_id, user_email, disabled, blocked_until, ..) = row;
    let (
        ..,
        auth_time,
        auth_ver,
        expires_at,
        provider_id,
        email,
        email_believed,
        groups,
        claims,
        amr,
    ) = row;
    let user = disabled
        .zip(blocked_until)
        .map(|(disabled, until)| UserStanding {
            disabled: disabled != 0,
            blocked_until: from_db(until),
        });
    let token = TokenIds {
        user: user_id.as_deref().unwrap_or_default(),
        session: &shown.session_id,
        audience: query.audience,
    };
    let revocations = of_token::revocations_of(read, token).await?;
    let columns = ProvidedColumns {
        provider_id,
        email,
        email_believed,
        groups,
        claims,
        amr,
    };
    let (email, provided) = columns.read(user_email.unwrap_or_default())?;
    let session = || {
        Some(Session {
            id: shown.session_id.clone(),
            user_id: user_id?,
            email,
            provided,
            auth_time: from_db::<UnixSeconds>(auth_time?).min(shown.auth_time),
            auth_ver: from_db::<u64>(auth_ver?).min(shown.auth_ver),
            expires_at: from_db::<UnixSeconds>(expires_at?).min(shown.session_end),
            key_refusals: shown.key_refusals,
        })
    };
    Ok(EligibilityFacts {
        version: from_db(version),
        user,
        session: session(),
        application: applications::read(read, query.audience).await?,
        revocations,
    })
}

async fn row(
    read: &mut Transaction<'static, Any>,
    query: EligibilityQuery<'_>,
) -> Result<Columns, sqlx::Error> {
    // The user is read even without a session: one who was just revoked should hear about the
    // block.
    sqlx::query_as(
        "SELECT feed_state.version, users.id, users.email, users.disabled, \
         users.blocked_until, sessions.auth_time, sessions.auth_ver, sessions.expires_at, \
         identities.provider_id, identities.email, identities.email_believed, sessions.groups, \
         sessions.claims, sessions.amr \
         FROM feed_state \
         LEFT JOIN sessions ON sessions.id = $1 \
         AND sessions.user_id = COALESCE(CAST($2 AS TEXT), sessions.user_id) \
         LEFT JOIN users ON users.id = COALESCE(CAST($2 AS TEXT), sessions.user_id) \
         LEFT JOIN identities ON identities.id = sessions.identity_id \
         WHERE feed_state.only_row = 1",
    )
    .bind(&query.shown.session_id)
    .bind(query.user_id)
    .fetch_one(&mut **read)
    .await
}
