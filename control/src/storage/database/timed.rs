//! The connection pool, and transactions that read: both observe how long they take.

use std::ops::{Deref, DerefMut};

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::any::{Any, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{AnyPool, Either, Error, Execute, Executor, SqlStr, Transaction};

use super::stats::Timer;
use prometheus_client::metrics::histogram::Histogram;

/// Runs single statements. Their time includes the wait for a connection.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage) struct TimedPool<'a> {
    pool: &'a AnyPool,
    seconds: &'a Histogram,
}

/// A transaction that reads everything as of one moment.
pub(in crate::storage) struct Read {
    transaction: Transaction<'static, Any>,
    _timer: Timer,
}

impl<'a> TimedPool<'a> {
    pub(super) fn new(pool: &'a AnyPool, seconds: &'a Histogram) -> Self {
        Self { pool, seconds }
    }
}

impl Read {
    pub(super) fn new(transaction: Transaction<'static, Any>, timer: Timer) -> Self {
        Self {
            transaction,
            _timer: timer,
        }
    }
}

impl Deref for Read {
    type Target = Transaction<'static, Any>;

    fn deref(&self) -> &Self::Target {
        &self.transaction
    }
}

impl DerefMut for Read {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.transaction
    }
}

impl<'c> Executor<'c> for TimedPool<'c> {
    type Database = Any;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<AnyQueryResult, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let timer = Timer::new(self.seconds);
        let executed = self.pool.execute(query);
        Box::pin(async move {
            let _timer = timer;
            executed.await
        })
    }

    /// Without its time: how long a stream takes depends on its reader.
    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        self.pool.fetch_many(query)
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let timer = Timer::new(self.seconds);
        let fetched = self.pool.fetch_all(query);
        Box::pin(async move {
            let _timer = timer;
            fetched.await
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let timer = Timer::new(self.seconds);
        let fetched = self.pool.fetch_optional(query);
        Box::pin(async move {
            let _timer = timer;
            fetched.await
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<AnyStatement, Error>>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}
