//! Reading the audit log.

use sqlx::any::AnyRow;

use super::filter::{AuditField, AuditFilter, Condition};
use super::row::{StoredEvent, stored};
use super::statement::Statement;
use crate::storage::database::Database;
use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;

/// How many rows are read at once where each is looked at here.
const BATCH: u32 = 500;

/// Which events to read.
#[derive(Debug, Clone, Copy)]
pub struct AuditQuery<'a> {
    /// Which events.
    pub filter: &'a AuditFilter,
    /// The order.
    pub order: Order,
    /// Only those that come after this id in that order.
    pub after: Option<u64>,
    /// Only those that come before this id in that order.
    pub before: Option<u64>,
    /// The filter whose index leads to the rows, if another one than usual.
    pub by: Option<AuditField>,
    /// The most to read.
    pub limit: u32,
}

/// The order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

impl<'a> AuditQuery<'a> {
    /// The newest events that a filter admits.
    #[must_use]
    pub fn newest(filter: &'a AuditFilter, limit: u32) -> Self {
        Self {
            filter,
            order: Order::NewestFirst,
            after: None,
            before: None,
            by: None,
            limit,
        }
    }

    /// Greater than all ids of it, and smaller.
    fn range(&self) -> (i64, i64) {
        let (after, before) = (self.after.map(to_db), self.before.map(to_db));
        let (upper, lower) = match self.order {
            Order::NewestFirst => (after, before),
            Order::OldestFirst => (before, after),
        };
        (lower.unwrap_or(-1), upper.unwrap_or(i64::MAX))
    }
}

impl Database {
    /// A page of events.
    pub async fn audit_events(
        &self,
        query: AuditQuery<'_>,
    ) -> Result<Vec<StoredEvent>, StorageError> {
        if query.filter.network().is_none() {
            return self.read_events(query).await;
        }
        let mut found = Vec::new();
        let mut batch = AuditQuery {
            limit: BATCH,
            ..query
        };
        loop {
            let rows = self.read_events(batch).await?;
            let is_last = rows.len() < BATCH as usize;
            batch.after = rows.last().map(|last| last.id);
            let admitted = rows.into_iter();
            found.extend(admitted.filter(|row| query.filter.admits_address(&row.address)));
            if is_last || found.len() >= query.limit as usize {
                found.truncate(query.limit as usize);
                return Ok(found);
            }
        }
    }

    async fn read_events(&self, query: AuditQuery<'_>) -> Result<Vec<StoredEvent>, StorageError> {
        let conditions = query.filter.conditions();
        let leading = query.by.or_else(|| {
            let mut with_index = with_index(&conditions);
            with_index.next().map(|condition| condition.field)
        });
        // Else the database chooses between times and ids.
        let by_id = leading.is_some() || query.before.is_some();
        let mut statement = Statement::new("SELECT * FROM audit_events WHERE ");
        write_range(&mut statement, query.range());
        for condition in &conditions {
            statement.sql(" AND ");
            if leading == Some(condition.field) || (!by_id && condition.is_time()) {
                condition.write(&mut statement);
            } else {
                condition.write_without_index(&mut statement);
            }
        }
        if let Some(beginning) = query.filter.network_beginning() {
            statement.sql(" AND address LIKE ").text(&beginning);
        }
        statement.sql(match query.order {
            Order::NewestFirst => " ORDER BY id DESC LIMIT ",
            Order::OldestFirst => " ORDER BY id LIMIT ",
        });
        statement.number(i64::from(query.limit));
        let rows: Vec<AnyRow> = statement.query().fetch_all(self.pool()).await?;
        rows.iter().map(stored).collect()
    }

    /// The event with an id.
    pub async fn audit_event(&self, id: u64) -> Result<Option<StoredEvent>, StorageError> {
        let row = sqlx::query("SELECT * FROM audit_events WHERE id = $1")
            .bind(to_db(id))
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(stored).transpose()
    }
}

/// Adds that ids are between two others.
pub(super) fn write_range(to: &mut Statement, (lower, upper): (i64, i64)) {
    to.sql("id > ")
        .number(lower)
        .sql(" AND id < ")
        .number(upper);
}

/// The conditions with an index, the narrowest first as a rule.
pub(super) fn with_index(conditions: &[Condition]) -> impl Iterator<Item = &Condition> {
    let with_index = |field| {
        let mut conditions = conditions.iter();
        conditions.find(move |one| one.field == field && one.has_index())
    };
    [AuditField::User, AuditField::Event, AuditField::Application]
        .into_iter()
        .filter_map(with_index)
}
