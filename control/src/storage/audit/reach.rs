//! How far back one page of the audit log reads: a filter that few rows fulfil must not read all of them.

use portcullis::time::UnixMillis;

use super::filter::{AuditField, AuditFilter, Condition};
use super::list::{with_index, write_range};
use super::statement::Statement;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// The most rows that one page looks at.
pub const READ_AT_ONCE: u32 = 20_000;

/// The rows that one page looks at, newest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AuditReach {
    /// Only those below this id; `None` begins with the newest.
    pub below: Option<u64>,
    /// Only those above this id.
    pub above: Option<u64>,
    /// Whether there may be older ones that the filter admits.
    pub has_older: bool,
    /// The filter whose index leads to them.
    pub by: Option<AuditField>,
}

impl Database {
    /// The rows that a page looks at which begins below an id.
    pub async fn audit_reach(
        &self,
        filter: &AuditFilter,
        below: Option<u64>,
    ) -> Result<AuditReach, StorageError> {
        let (first, last) = self.audit_ids_of_time(filter).await?;
        let newest = self.newest_audit_id().await?;
        let below = [below, last].into_iter().flatten().min();
        let below = below.unwrap_or(newest.saturating_add(1));
        let conditions = filter.conditions();
        let mut reach = AuditReach {
            below: Some(below),
            above: first,
            ..AuditReach::default()
        };
        let mut lowest = below.saturating_sub(u64::from(READ_AT_ONCE)).checked_sub(1);
        let mut led = with_index(&conditions).peekable();
        if led.peek().is_some() {
            lowest = None;
            for (place, condition) in led.enumerate() {
                let bound = self.bound_of(condition, below).await?;
                if place == 0 || bound < lowest {
                    (reach.by, lowest) = (Some(condition.field), bound);
                }
            }
        }
        if let Some(lowest) = lowest
            && first.is_none_or(|first| first < lowest)
        {
            reach.above = Some(lowest);
            reach.has_older = true;
        }
        Ok(reach)
    }

    /// When the newest event was stored that is not above an id.
    pub async fn audit_time(&self, id: u64) -> Result<Option<UnixMillis>, StorageError> {
        let row: Option<(i64,)> = sqlx::query_as(
            "SELECT at_ms FROM audit_events WHERE id <= $1 ORDER BY id DESC LIMIT 1",
        )
        .bind(to_db(id))
        .fetch_optional(self.pool())
        .await?;
        Ok(row.map(|(at_ms,)| from_db(at_ms)))
    }

    /// The id of the newest event.
    pub async fn newest_audit_id(&self) -> Result<u64, StorageError> {
        let (id,): (i64,) = sqlx::query_as("SELECT last_id FROM audit_state WHERE only_row = 1")
            .fetch_one(self.pool())
            .await?;
        Ok(from_db(id))
    }

    /// Of the filters that are set, each with how many of the rows of a page the others admit without it,
    /// counted to 1,000. A network of several addresses is not looked at.
    pub async fn audit_without_each(
        &self,
        filter: &AuditFilter,
        reach: AuditReach,
    ) -> Result<Vec<(AuditField, u64)>, StorageError> {
        let conditions = filter.conditions();
        let mut found = Vec::new();
        if conditions.is_empty() {
            return Ok(found);
        }
        let mut statement = Statement::new("SELECT ");
        for (place, left_out) in conditions.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            statement.sql(comma).sql("COALESCE(SUM(CASE WHEN 1 = 1");
            for condition in conditions.iter().filter(|one| one.field != left_out.field) {
                statement.sql(" AND ");
                condition.write_without_index(&mut statement);
            }
            statement.sql(" THEN 1 ELSE 0 END), 0)");
        }
        // Without its leading filter a page is another one, so all count as far back as there are ids.
        let below = reach.below.unwrap_or(u64::MAX);
        let above = below.saturating_sub(u64::from(READ_AT_ONCE) + 1);
        statement.sql(" FROM audit_events WHERE ");
        write_range(
            &mut statement,
            (to_db(above).saturating_sub(1), to_db(below)),
        );
        let row = statement.query().fetch_one(self.pool()).await?;
        for (place, condition) in conditions.iter().enumerate() {
            let count: i64 = sqlx::Row::try_get(&row, place)?;
            found.push((condition.field, from_db(count)));
        }
        Ok(found)
    }

    /// The id above which the newest rows below another one are that fulfil a condition, if there are more.
    async fn bound_of(
        &self,
        condition: &Condition,
        below: u64,
    ) -> Result<Option<u64>, StorageError> {
        let mut statement = Statement::new("SELECT id FROM audit_events WHERE ");
        write_range(&mut statement, (-1, to_db(below)));
        statement.sql(" AND ");
        condition.write(&mut statement);
        statement.sql(" ORDER BY id DESC LIMIT 1 OFFSET ");
        statement.number(i64::from(READ_AT_ONCE));
        let row = statement.query().fetch_optional(self.pool()).await?;
        let id: Option<i64> = row.map(|row| sqlx::Row::try_get(&row, 0)).transpose()?;
        Ok(id.map(from_db))
    }

    /// Between which ids the events of a time are. Ids follow time but where a clock was set back, so
    /// as many rows more are looked at as a page reads.
    async fn audit_ids_of_time(
        &self,
        filter: &AuditFilter,
    ) -> Result<(Option<u64>, Option<u64>), StorageError> {
        const FIRST: &str = "SELECT MIN(id) FROM (SELECT id FROM audit_events WHERE at_ms >= $1 \
             ORDER BY at_ms LIMIT $2) AS nearest";
        const LAST: &str = "SELECT MAX(id) FROM (SELECT id FROM audit_events WHERE at_ms < $1 \
             ORDER BY at_ms DESC LIMIT $2) AS nearest";
        let nearest = async |statement: &'static str, at: Option<UnixMillis>| {
            let Some(at) = at else {
                return Ok::<_, StorageError>(None);
            };
            let (id,): (Option<i64>,) = sqlx::query_as(statement)
                .bind(to_db(at))
                .bind(i64::from(READ_AT_ONCE))
                .fetch_one(self.pool())
                .await?;
            Ok(Some(id.map(from_db::<u64>)))
        };
        let first = nearest(FIRST, filter.since).await?;
        let last = nearest(LAST, filter.until).await?;
        // Where no event is late or early enough, no id is.
        let first = first.map(|id| id.map_or(u64::MAX, |id| id.saturating_sub(1)));
        let last = last.map(|id| id.map_or(0, |id| id.saturating_add(1)));
        Ok((first, last))
    }
}
