//! The settings of the last start.

use serde_json::{Map, Value};

use crate::audit::changes::Changes;
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;

impl Database {
    /// Notes the settings of a start, which are no secrets. What changed since the last start is an
    /// event; the first start has none. Returns whether there is one.
    pub async fn note_settings(
        &self,
        settings: &Map<String, Value>,
        by: &Initiator,
    ) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        // Of two services that start at once, one notes its settings after the other.
        write.lock().await?;
        let before: Option<(String,)> =
            sqlx::query_as("SELECT settings FROM noted_settings WHERE only_row = 1")
                .fetch_optional(write.connection())
                .await?;
        let before: Option<Map<String, Value>> = match before {
            Some((text,)) => Some(serde_json::from_str(&text)?),
            None => None,
        };
        if before.as_ref() == Some(settings) {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO noted_settings (only_row, settings) VALUES (1, $1) \
             ON CONFLICT (only_row) DO UPDATE SET settings = excluded.settings",
        )
        .bind(serde_json::to_string(settings)?)
        .execute(write.connection())
        .await?;
        let Some(before) = before else {
            write.commit_unaudited(Unaudited::FirstSettings).await?;
            return Ok(false);
        };
        let subject = Subject::new("settings", "", "");
        let changes = Changes::between(Some(&before), Some(settings));
        let event = Event::new(EventName::SettingsChanged, by, subject);
        write.commit([event.changes(changes)]).await?;
        Ok(true)
    }
}
