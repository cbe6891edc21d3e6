//! The connection pool, and transactions that read: both observe how long they take.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::future::BoxFuture;
use futures_core::stream::{BoxStream, Stream};
use sqlx::any::{Any, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{AnyPool, Either, Error, Execute, Executor, SqlStr, Transaction};

use super::continuity::Continuity;
use super::error::GoneBack;
use super::stats::Timer;
use prometheus_client::metrics::histogram::Histogram;

/// Runs single statements. Their time includes the wait for a connection.
#[derive(Debug, Clone, Copy)]
pub(in crate::storage) struct TimedPool<'a> {
    pool: &'a AnyPool,
    seconds: &'a Histogram,
    continuity: &'a Continuity,
}

/// A transaction that reads everything as of one moment.
pub(in crate::storage) struct Read {
    transaction: Transaction<'static, Any>,
    _timer: Timer,
}

impl<'a> TimedPool<'a> {
    pub(super) fn new(
        pool: &'a AnyPool,
        seconds: &'a Histogram,
        continuity: &'a Continuity,
    ) -> Self {
        Self {
            pool,
            seconds,
            continuity,
        }
    }

    fn check(&self) -> Result<(), Error> {
        let gone_back = |_| Error::Configuration(GoneBack.into());
        self.continuity.check().map_err(gone_back)
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

/// A stream of one error.
struct Failing(Option<Error>);

impl Stream for Failing {
    type Item = Result<Either<AnyQueryResult, AnyRow>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Err))
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
        let (checked, executed) = (self.check(), self.pool.execute(query));
        Box::pin(async move {
            let _timer = timer;
            checked?;
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
        match self.check() {
            Ok(()) => self.pool.fetch_many(query),
            Err(error) => Box::pin(Failing(Some(error))),
        }
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Vec<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let timer = Timer::new(self.seconds);
        let (checked, fetched) = (self.check(), self.pool.fetch_all(query));
        Box::pin(async move {
            let _timer = timer;
            checked?;
            fetched.await
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let timer = Timer::new(self.seconds);
        let (checked, fetched) = (self.check(), self.pool.fetch_optional(query));
        Box::pin(async move {
            let _timer = timer;
            checked?;
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
