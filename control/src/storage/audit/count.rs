//! Lines that stand for many events.

use crate::audit::strangers::Counted;
use crate::audit::{Actor, Event, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

impl Database {
    /// Adds counts to the lines of their minutes, which are made where there are none yet.
    pub async fn count_events(&self, counted: &[(Counted, u64)]) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        // Locked first: another replica may make the same line.
        sqlx::query("UPDATE audit_state SET last_id = last_id WHERE only_row = 1")
            .execute(write.connection())
            .await?;
        for (counted, count) in counted {
            let Counted {
                minute,
                name,
                network,
            } = counted;
            let counted_as = format!("{minute} {} {network}", name.as_str());
            let updated =
                sqlx::query("UPDATE audit_events SET count = count + $1 WHERE counted_as = $2")
                    .bind(to_db(*count))
                    .bind(&counted_as)
                    .execute(write.connection())
                    .await?;
            if updated.rows_affected() == 0 {
                let by = Initiator::from(Actor::Unknown);
                let subject = Subject::new("network", network.as_str(), "");
                let event = Event::new(*name, &by, subject).reason("too_many");
                write.note(event.counted(*count, counted_as));
            }
        }
        write.commit_noted(Unaudited::Counted).await?;
        Ok(())
    }
}
