//! Sealing all stored secrets again, with another key.

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::seal::{Purpose, Seal};
use crate::storage::database::Database;
use crate::storage::database::error::StorageError;
use crate::storage::identities;
use crate::storage::tokens::signing_keys::all;
use crate::storage::tokens::signing_keys::changes::changed;
use crate::storage::tokens::signing_keys::sealing::{self, SealingError};

impl Database {
    /// Seals every secret with the first key of the source. Returns how many were sealed with another one, or
    /// not at all.
    pub async fn reseal(&self, seal: &Seal, by: &Initiator) -> Result<u64, SealingError> {
        let mut write = self.write().await?;
        write.lock().await?;
        let mut count = 0;
        for key in all(write.connection()).await? {
            let material = key.material;
            if !key.state.is_in_force() {
                continue;
            }
            let purpose = Purpose::SigningKey { kid: &material.kid };
            let Some(sealed) = seal.again(purpose, &material.private_key)? else {
                continue;
            };
            sealing::put(write.connection(), &material.kid, &sealed).await?;
            count += 1;
        }
        let known = sealing::known_browsers(write.connection()).await?;
        if !known.as_str().is_empty()
            && let Some(sealed) = seal.again(Purpose::KnownBrowsers, &known)?
        {
            sqlx::query("UPDATE feed_state SET known_browser_key = $1 WHERE only_row = 1")
                .bind(sealed.as_str())
                .execute(write.connection())
                .await
                .map_err(StorageError::from)?;
            count += 1;
        }
        count += identities::reseal(&mut write, seal).await?;
        if count > 0 {
            // Every replica reads its seal keys again with the signing keys.
            changed(&mut write).await?;
            let subject = Subject::new("seal_key", seal.current(), "");
            let event = Event::new(EventName::SecretsResealed, by, subject);
            write.commit([event.detail("secrets", count)]).await?;
        }
        Ok(count)
    }
}
