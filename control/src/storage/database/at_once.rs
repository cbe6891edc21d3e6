//! Many rows as one JSON text. One by one, thousands of rows take much longer to hand over than to read.

use serde::de::DeserializeOwned;

use super::Database;
use super::error::StorageError;

/// A statement that selects one text, a JSON list with a list of columns for each row, in no order.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage) struct AtOnce {
    /// For SQLite.
    pub sqlite: &'static str,
    /// For PostgreSQL.
    pub postgres: &'static str,
}

/// The statement that selects these columns from there.
macro_rules! at_once {
    ($columns:literal from $from:literal) => {
        $crate::storage::database::at_once::AtOnce {
            sqlite: concat!(
                "SELECT json_group_array(json_array(",
                $columns,
                ")) FROM ",
                $from
            ),
            postgres: concat!(
                "SELECT COALESCE(CAST(json_agg(json_build_array(",
                $columns,
                ")) AS TEXT), '[]') FROM ",
                $from
            ),
        }
    };
}

pub(in crate::storage) use at_once;

impl Database {
    /// All rows of a statement, whose only parameter is a number.
    pub(in crate::storage) async fn rows_at_once<T: DeserializeOwned>(
        &self,
        statement: AtOnce,
        number: i64,
    ) -> Result<Vec<T>, StorageError> {
        let statement = match self.is_sqlite() {
            true => statement.sqlite,
            false => statement.postgres,
        };
        let (text,): (String,) = sqlx::query_as(statement)
            .bind(number)
            .fetch_one(self.pool())
            .await?;
        Ok(serde_json::from_str(&text)?)
    }
}
