//! A statement that is put together of fixed texts; every value is bound.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

/// A statement, with what is bound to it.
#[derive(Default)]
pub(super) struct Statement {
    sql: String,
    values: Vec<Bound>,
}

enum Bound {
    Text(String),
    Number(i64),
}

impl Statement {
    /// The beginning of one.
    pub(super) fn new(sql: &'static str) -> Self {
        Self {
            sql: sql.to_owned(),
            values: Vec::new(),
        }
    }

    /// Adds a fixed text.
    pub(super) fn sql(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter with this text.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bind(Bound::Text(text.to_owned()))
    }

    /// Adds a parameter with this number.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.bind(Bound::Number(number))
    }

    fn bind(&mut self, value: Bound) -> &mut Self {
        self.values.push(value);
        self.sql.push_str(&format!("${}", self.values.len()));
        self
    }

    /// To run it.
    pub(super) fn query(self) -> Query<'static, Any, AnyArguments> {
        // The texts are fixed, and what comes from outside is bound.
        let query = sqlx::query(AssertSqlSafe(self.sql));
        self.values
            .into_iter()
            .fold(query, |query, value| match value {
                Bound::Text(text) => query.bind(text),
                Bound::Number(number) => query.bind(number),
            })
    }
}
