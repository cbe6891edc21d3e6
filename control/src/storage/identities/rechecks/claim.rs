//! Claiming the sessions that are due.

use std::sync::LazyLock;
use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::seal::{Purpose, Seal, Sealed};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::tokens::signing_keys::sealing::SealingError;
use crate::tokens::secret::Plain;

/// Which sessions of a provider are due.
#[derive(Debug, Clone, Copy)]
pub struct DueRechecks<'a> {
    /// The provider.
    pub provider_id: &'a str,
    /// Now.
    pub now: UnixSeconds,
    /// A session is due that was last checked so long ago.
    pub after: Duration,
    /// The longest that a check may be put off.
    pub longest_wait: Duration,
    /// For how long nobody else checks a session that is claimed.
    pub claim_for: Duration,
    /// At most so many.
    pub at_most: usize,
}

/// A session whose check was claimed.
#[derive(Debug, Clone)]
pub struct ClaimedSession {
    /// `sid`.
    pub id: String,
    /// Its user.
    pub user_id: String,
    /// Their e-mail address, as people read it.
    pub email: String,
    /// `sub` at the provider.
    pub subject: String,
    /// The refresh token, as it is stored.
    pub refresh_token: Sealed,
    /// How often in a row the provider gave no answer.
    pub failures: u32,
    pub(super) identity_id: String,
    pub(super) claim: i64,
}

type ClaimedColumns = (String, String, String, String, i64, String, String);

/// The sessions of the provider `$1` that are due at `$2`: last checked at `$3` or before, and neither
/// claimed nor put off. A time after `$4` is one from before the clock was set back.
const DUE: &str = "SELECT sessions.id FROM sessions \
     JOIN identities ON identities.id = sessions.identity_id \
     WHERE identities.provider_id = $1 AND sessions.refresh_token <> '' \
     AND sessions.expires_at > $2 AND sessions.checked_at <= $3 \
     AND (sessions.recheck_at <= $2 OR sessions.recheck_at > $4)";

/// Whether there is any.
static IS_ANY_DUE: LazyLock<String> = LazyLock::new(|| format!("{DUE} LIMIT 1"));

/// Claims at most `$6` until `$5`. The condition is repeated outside the inner query, because on
/// PostgreSQL another service may have claimed the row in between.
static CLAIM: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE sessions SET recheck_at = $5 \
         WHERE id IN ({DUE} ORDER BY sessions.checked_at LIMIT $6) \
         AND (recheck_at <= $2 OR recheck_at > $4) \
         RETURNING id, user_id, identity_id, refresh_token, recheck_failures, \
         (SELECT subject FROM identities WHERE identities.id = sessions.identity_id), \
         (SELECT email FROM users WHERE users.id = sessions.user_id)"
    )
});

impl Database {
    /// Claims sessions that are due, those first that were checked longest ago.
    pub async fn claim_rechecks(
        &self,
        due: &DueRechecks<'_>,
    ) -> Result<Vec<ClaimedSession>, StorageError> {
        if !self.is_any_due(due).await? {
            return Ok(Vec::new());
        }
        let claim = to_db(due.now + due.claim_for);
        let mut write = self.write().await?;
        let rows: Vec<ClaimedColumns> = sqlx::query_as(CLAIM.as_str())
            .bind(due.provider_id)
            .bind(to_db(due.now))
            .bind(to_db(due.now - due.after))
            .bind(to_db(due.now + due.longest_wait))
            .bind(claim)
            .bind(to_db(due.at_most as u64))
            .fetch_all(write.connection())
            .await?;
        write.commit_unaudited(Unaudited::Recheck).await?;
        let claimed = |row: ClaimedColumns| {
            let (id, user_id, identity_id, refresh_token, failures, subject, email) = row;
            ClaimedSession {
                id,
                user_id,
                email,
                subject,
                refresh_token: Sealed::stored(refresh_token),
                failures: u32::try_from(failures).unwrap_or(u32::MAX),
                identity_id,
                claim,
            }
        };
        Ok(rows.into_iter().map(claimed).collect())
    }

    /// Asked every second, so it writes nothing.
    async fn is_any_due(&self, due: &DueRechecks<'_>) -> Result<bool, StorageError> {
        let found: Option<(String,)> = sqlx::query_as(IS_ANY_DUE.as_str())
            .bind(due.provider_id)
            .bind(to_db(due.now))
            .bind(to_db(due.now - due.after))
            .bind(to_db(due.now + due.longest_wait))
            .fetch_optional(self.untimed_pool())
            .await?;
        Ok(found.is_some())
    }
}

impl ClaimedSession {
    /// For how long nobody else checks it.
    #[must_use]
    pub fn claimed_for(&self, now: UnixSeconds) -> Duration {
        from_db::<UnixSeconds>(self.claim).duration_since(now)
    }

    /// The refresh token.
    ///
    /// # Errors
    /// When it does not open.
    pub fn open(&self, seal: &Seal) -> Result<Plain, SealingError> {
        let purpose = Purpose::RefreshToken { session: &self.id };
        let opened = seal.open(purpose, &self.refresh_token)?;
        Ok(Plain::new(String::from_utf8_lossy(&opened).into_owned()))
    }
}
