//! The revocations that concern a token: one subject of each scope, looked up by primary key.

use std::sync::LazyLock;

use portcullis::protocol::feed::{Scope, Subject, TokenIds};
use sqlx::AnyConnection;

use crate::storage::database::columns::from_db;
use crate::storage::database::error::StorageError;

/// A revocation without its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedBelow {
    /// Tokens below this version are refused.
    pub version: u64,
    /// Whether that is the version of the sign-in, not of the token.
    pub fresh: bool,
}

impl RevokedBelow {
    /// Whether it demands a later sign-in than the one at this version.
    #[must_use]
    pub const fn refuses_sign_in(self, auth_ver: u64) -> bool {
        self.fresh && auth_ver < self.version
    }

    /// Whether it refuses a token of this version, whatever sign-in the token proves.
    #[must_use]
    pub const fn refuses_token(self, ver: u64) -> bool {
        !self.fresh && ver < self.version
    }
}

/// Three parameters for each scope, in the order of [`Scope::ALL`].
static OF_TOKEN: LazyLock<String> = LazyLock::new(|| {
    let of_scope = |at: usize| {
        let (scope, subject, audience) = (3 * at + 1, 3 * at + 2, 3 * at + 3);
        format!("(scope = ${scope} AND subject = ${subject} AND audience = ${audience})")
    };
    let subjects: Vec<String> = (0..Scope::ALL.len()).map(of_scope).collect();
    let subjects = subjects.join(" OR ");
    format!("SELECT version, fresh FROM revocations WHERE {subjects}")
});

/// Every revocation that concerns a token, whichever versions it refuses.
pub(in crate::storage) async fn revocations_of(
    connection: &mut AnyConnection,
    token: TokenIds<'_>,
) -> Result<Vec<RevokedBelow>, StorageError> {
    let mut query = sqlx::query_as(OF_TOKEN.as_str());
    for scope in Scope::ALL {
        let subject = Subject::of_token(scope, token);
        let (id, audience) = subject.ids();
        query = query
            .bind(scope.as_str())
            .bind(*id)
            .bind(audience.copied().unwrap_or_default());
    }
    let rows: Vec<(i64, i64)> = query.fetch_all(connection).await?;
    let revoked = |(version, fresh)| RevokedBelow {
        version: from_db(version),
        fresh: fresh != 0,
    };
    Ok(rows.into_iter().map(revoked).collect())
}
