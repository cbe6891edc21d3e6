//! Forms of the dashboard that were sent, so that one that is sent twice acts once.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// How long the result of a form is kept.
pub(super) const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentForm {
    /// It was not sent before; it is claimed now.
    New,
    /// It was sent before, and is not done yet.
    Running,
    /// It is done. Its result is shown at this place; empty: it was shown once.
    Done(String),
}

impl Database {
    /// Claims a form, by its id, for a user.
    pub async fn claim_form(
        &self,
        id: &str,
        user_id: &str,
        now: UnixSeconds,
    ) -> Result<SentForm, StorageError> {
        let mut write = self.write().await?;
        let claimed = sqlx::query(
            "INSERT INTO sent_forms (id, user_id, sent_at) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id)
        .bind(user_id)
        .bind(to_db(now))
        .execute(write.connection())
        .await?;
        if claimed.rows_affected() == 1 {
            write.commit_unaudited(Unaudited::Forms).await?;
            return Ok(SentForm::New);
        }
        let row: Option<(Option<String>,)> =
            sqlx::query_as("SELECT result FROM sent_forms WHERE id = $1 AND user_id = $2")
                .bind(id)
                .bind(user_id)
                .fetch_optional(write.connection())
                .await?;
        let result = row.and_then(|(result,)| result);
        Ok(result.map_or(SentForm::Running, SentForm::Done))
    }

    /// Keeps where the result of a form is shown.
    pub async fn finish_form(&self, id: &str, result: &str) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE sent_forms SET result = $1 WHERE id = $2")
            .bind(result)
            .bind(id)
            .execute(write.connection())
            .await?;
        write.commit_unaudited(Unaudited::Forms).await?;
        Ok(())
    }

    /// Forgets a form that changed nothing, so that it can be sent again.
    pub async fn release_form(&self, id: &str) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM sent_forms WHERE id = $1 AND result IS NULL")
            .bind(id)
            .execute(write.connection())
            .await?;
        write.commit_unaudited(Unaudited::Forms).await?;
        Ok(())
    }
}
