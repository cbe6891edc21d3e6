//! The proxies that follow the feed, and which version each has applied when. Each replica of the
//! control service stores what it learns from the polls that reach it.

mod record;

use std::time::Duration;

use portcullis::time::UnixMillis;

use crate::audit::{Event, EventName, Initiator, Subject};
use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::at_once::{AtOnce, at_once};
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;

/// The most proxies of one filter credential. The holder of a credential can make up names, and
/// must not fill the database with them.
pub const MOST_PROXIES: usize = 10_000;

/// A proxy, according to its last poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The id of its filter credential.
    pub credential: String,
    /// Its name for itself.
    pub instance: String,
    /// The node and the process that it runs in, if it says.
    pub process: Option<NodeProcess>,
    /// The address of its last poll.
    pub address: String,
    /// The version that it has applied; 0 for none.
    pub applied: u64,
    /// The time of its first poll.
    pub first_seen: UnixMillis,
    /// When its last poll began or ended.
    pub last_seen: UnixMillis,
    /// Until when it counts as live without another poll.
    pub live_until: UnixMillis,
    /// After how long without a poll it denies every request; `None` if it never does, or does not
    /// say.
    pub denies_after: Option<Duration>,
    /// Whether it closed the connection while its last poll waited.
    pub hung_up: bool,
    /// Whether another process of the same node is known to have been there at the same time.
    pub shares_node: bool,
}

/// A process of an Envoy node. A node has one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeProcess {
    /// The name of the node.
    pub node: String,
    /// The name of the process, which no other has.
    pub process: String,
}

/// A version, and when it was committed or applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The feed's version.
    pub version: u64,
    /// The time.
    pub at: UnixMillis,
}

/// New facts about a proxy.
#[derive(Debug, Clone)]
pub struct ProxyUpdate {
    /// The proxy.
    pub proxy: Proxy,
    /// Whether the proxy reports what it has applied; if not, the stored version stays.
    pub reports_applied: bool,
    /// The versions that it has applied since the last update.
    pub steps: Vec<Step>,
}

/// A version that a proxy has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyStep {
    /// Its credential.
    pub credential: String,
    /// Its name.
    pub instance: String,
    /// The version, and when it was applied.
    pub step: Step,
}

/// Of a proxy: credential, instance, node, process, address; version, first seen, last seen, live
/// until, denies after; hung up, shares node.
type Row = (
    String,
    String,
    Option<String>,
    Option<String>,
    String,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    i64,
    i64,
);

impl Database {
    /// All proxies, by credential and name.
    pub async fn proxies(&self) -> Result<Vec<Proxy>, StorageError> {
        let all = at_once!(
            "credential, instance, node, process, address, applied, first_seen_ms, last_seen_ms, \
             live_until_ms, denies_after_ms, hung_up, shares_node" from "proxies WHERE $1 = 0"
        );
        let rows: Vec<Row> = self.rows_at_once(all, 0).await?;
        let mut proxies: Vec<Proxy> = rows.into_iter().map(proxy).collect();
        proxies.sort_by(|one, other| {
            let one = (&one.credential, &one.instance);
            one.cmp(&(&other.credential, &other.instance))
        });
        Ok(proxies)
    }

    /// Whether there are proxies.
    pub async fn has_proxies(&self) -> Result<bool, StorageError> {
        let any: Option<(i64,)> = sqlx::query_as("SELECT CAST(1 AS BIGINT) FROM proxies LIMIT 1")
            .fetch_optional(self.pool())
            .await?;
        Ok(any.is_some())
    }

    /// The steps of proxies to `version` and later ones, by version; `None` if there are more than `most`.
    pub async fn steps_from(
        &self,
        version: u64,
        most: u32,
    ) -> Result<Option<Vec<ProxyStep>>, StorageError> {
        let (count,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM proxy_steps WHERE version >= $1 LIMIT $2) \
             AS counted",
        )
        .bind(to_db(version))
        .bind(i64::from(most) + 1)
        .fetch_one(self.pool())
        .await?;
        if count > i64::from(most) {
            return Ok(None);
        }
        let all = at_once!(
            "credential, instance, version, at_ms" from "proxy_steps WHERE version >= $1"
        );
        self.steps(all, version).await.map(Some)
    }

    /// The first step of each proxy to `version` or a later one.
    pub async fn first_steps(&self, version: u64) -> Result<Vec<ProxyStep>, StorageError> {
        let first = at_once!(
            "steps.credential, steps.instance, steps.version, steps.at_ms" from
            "proxies JOIN proxy_steps AS steps ON steps.credential = proxies.credential \
             AND steps.instance = proxies.instance AND steps.version = \
             (SELECT MIN(later.version) FROM proxy_steps AS later \
             WHERE later.credential = proxies.credential \
             AND later.instance = proxies.instance AND later.version >= $1)"
        );
        self.steps(first, version).await
    }

    async fn steps(&self, statement: AtOnce, version: u64) -> Result<Vec<ProxyStep>, StorageError> {
        type Columns = (String, String, i64, i64);
        let rows: Vec<Columns> = self.rows_at_once(statement, to_db(version)).await?;
        let step = |(credential, instance, version, at_ms)| ProxyStep {
            credential,
            instance,
            step: Step {
                version: from_db(version),
                at: from_db(at_ms),
            },
        };
        let mut steps: Vec<ProxyStep> = rows.into_iter().map(step).collect();
        steps.sort_by_key(|one| one.step.version);
        Ok(steps)
    }

    /// Notes that proxies share their nodes with other processes, by credential and name.
    pub async fn note_shared_nodes(
        &self,
        proxies: &[(String, String)],
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        for (credential, instance) in proxies {
            sqlx::query(
                "UPDATE proxies SET shares_node = 1 WHERE credential = $1 AND instance = $2",
            )
            .bind(credential)
            .bind(instance)
            .execute(write.connection())
            .await?;
        }
        write.commit_unaudited(Unaudited::Proxies).await?;
        Ok(())
    }

    /// Deletes proxies, by credential and name, that have not polled since a time.
    pub async fn delete_proxies(
        &self,
        proxies: &[(String, String)],
        before: UnixMillis,
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        for (credential, instance) in proxies {
            sqlx::query(
                "DELETE FROM proxies WHERE credential = $1 AND instance = $2 \
                 AND last_seen_ms < $3",
            )
            .bind(credential)
            .bind(instance)
            .bind(to_db(before))
            .execute(write.connection())
            .await?;
        }
        write.commit_unaudited(Unaudited::Proxies).await?;
        Ok(())
    }

    /// Deletes the proxies with a name. Returns how many there were.
    pub async fn forget_proxies(
        &self,
        (instance, credential): (&str, Option<&str>),
        by: &Initiator,
    ) -> Result<u64, StorageError> {
        let mut write = self.write().await?;
        let mut deleted = [0; 2];
        let tables = [
            "DELETE FROM proxies WHERE instance = $1 AND ($2 = '' OR credential = $2)",
            "DELETE FROM proxy_steps WHERE instance = $1 AND ($2 = '' OR credential = $2)",
        ];
        for (delete, rows) in tables.into_iter().zip(&mut deleted) {
            let done = sqlx::query(delete)
                .bind(instance)
                .bind(credential.unwrap_or_default())
                .execute(write.connection())
                .await?;
            *rows = done.rows_affected();
        }
        let [forgotten, _] = deleted;
        if forgotten == 0 {
            return Ok(0);
        }
        let subject = Subject::new("proxy", instance, "");
        let event = Event::new(EventName::ProxyForgotten, by, subject);
        write.commit([event]).await?;
        Ok(forgotten)
    }
}

fn proxy(row: Row) -> Proxy {
    let (credential, instance, node, process, address, ..) = row;
    let (.., applied, first_seen, last_seen, live_until, denies_after, hung_up, shares_node) = row;
    let process = node.zip(process);
    Proxy {
        credential,
        instance,
        process: process.map(|(node, process)| NodeProcess { node, process }),
        address,
        applied: from_db(applied),
        first_seen: from_db(first_seen),
        last_seen: from_db(last_seen),
        live_until: from_db(live_until),
        denies_after: denies_after.map(|millis| Duration::from_millis(from_db(millis))),
        hung_up: hung_up != 0,
        shares_node: shares_node != 0,
    }
}
