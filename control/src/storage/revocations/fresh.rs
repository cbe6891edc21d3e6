//! Which applications demand a later sign-in than the one of a session.

use portcullis::protocol::feed::{Scope, Subject, TokenIds};

use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::sessions::Session;

/// The revocations that demand a later sign-in of a session's user, at some application or at all.
#[derive(Debug)]
pub struct DemandedSignIns {
    user: String,
    session: String,
    /// Scope, subject, audience.
    revocations: Vec<(String, String, String)>,
}

impl Database {
    /// Whether the application demands that everybody has signed in since some revocation.
    pub async fn demands_fresh_sign_ins(&self, audience: &str) -> Result<bool, StorageError> {
        let found: Option<(i64,)> = sqlx::query_as(
            "SELECT version FROM revocations WHERE scope = $1 AND subject = $2 AND fresh = 1",
        )
        .bind(Scope::Application.as_str())
        .bind(audience)
        .fetch_optional(self.pool())
        .await?;
        Ok(found.is_some())
    }

    /// Where a later sign-in than the session's is demanded.
    pub async fn demanded_sign_ins(
        &self,
        session: &Session,
    ) -> Result<DemandedSignIns, StorageError> {
        let revocations = sqlx::query_as(
            "SELECT scope, subject, audience FROM revocations WHERE fresh = 1 AND version > $1 \
             AND (scope = $2 OR (scope = $3 AND subject = $6) OR (scope = $4 AND subject = $6) \
             OR (scope = $5 AND subject = $7))",
        )
        .bind(to_db(session.auth_ver))
        .bind(Scope::Application.as_str())
        .bind(Scope::User.as_str())
        .bind(Scope::UserApplication.as_str())
        .bind(Scope::Session.as_str())
        .bind(&session.user_id)
        .bind(&session.id)
        .fetch_all(self.pool())
        .await?;
        Ok(DemandedSignIns {
            user: session.user_id.clone(),
            session: session.id.clone(),
            revocations,
        })
    }
}

impl DemandedSignIns {
    /// Whether the application with this audience demands one.
    #[must_use]
    pub fn at(&self, audience: &str) -> bool {
        let token = TokenIds {
            user: &self.user,
            session: &self.session,
            audience,
        };
        Scope::ALL.into_iter().any(|scope| {
            let subject = Subject::of_token(scope, token);
            let (id, audience) = subject.ids();
            let audience = audience.copied().unwrap_or_default();
            let of_subject = |(named, of, at): &(String, String, String)| {
                named == scope.as_str() && of == id && at == audience
            };
            self.revocations.iter().any(of_subject)
        })
    }
}
