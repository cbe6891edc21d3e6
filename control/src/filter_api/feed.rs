//! `GET feed`: keys, applications and revocations, as a snapshot or as a delta.
//!
//! A poll with `wait` is answered as soon as the feed has a newer version, which may come from this
//! process or another. It is answered with 204 if there is none, and with 503 if the database cannot
//! be read. When its credential is revoked, it is answered with 401 at once: a revocation takes a
//! version of the feed, which wakes it in every replica.
//!
//! A poll also reports what its proxy has applied.

mod claim;
mod next;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portcullis::protocol::feed::{ApplicationChanges, FeedPage, PageKind, RevocationChanges};
use serde::Deserialize;

use super::error::ApiError;
use super::identity::FilterIdentity;
use crate::feed::proxies::{Caller, Polling, Report, StaleReport};
use crate::service::Service;
use crate::storage::{FeedItems, Position};
use next::Next;

const LONGEST_WAIT: Duration = Duration::from_secs(60);
const DEFAULT_LIMIT: u32 = 5_000;
const HIGHEST_LIMIT: u32 = 20_000;
/// The most revocations of a page that is serialised on the request's own thread.
const SHORT: usize = 500;
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What the filter has, and how it polls.
#[derive(Debug, Default, Deserialize)]
pub struct FeedQuery {
    epoch: Option<String>,
    #[serde(default)]
    after: u64,
    /// Shows that the service has issued `after` in `epoch`.
    proof: Option<String>,
    next: Option<String>,
    /// Seconds.
    #[serde(default)]
    wait: u64,
    limit: Option<u32>,
    instance: Option<String>,
    applied: Option<u64>,
    /// Seconds without a poll after which `then` applies.
    stale_after: Option<u64>,
    /// `deny` or `allow`.
    then: Option<String>,
    /// The name of the Envoy node, and of its process.
    node: Option<String>,
    process: Option<String>,
}

pub async fn feed(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    identity: FilterIdentity,
    query: Result<Query<FeedQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query.map_err(|_| ApiError::RequestInvalid)?;
    let poll = Poll::new(&service, &identity, query)?;
    if let Some(epoch) = &poll.query.epoch {
        let (after, proof) = (poll.query.after, poll.query.proof.as_deref());
        claim::check(&service, &identity, epoch, after, proof).await?;
    }
    let position = service.storage.position().await?;
    let caller = Caller {
        credential: identity.id(),
        address: peer.ip().to_canonical(),
    };
    // Kept until the response, and dropped with this future if the proxy disconnects.
    let mut polling = poll
        .report(&position)?
        .map(|report| service.proxies.polls(caller, &report, poll.wait()));
    let response = respond(&service, &poll, position, polling.as_ref()).await;
    if let Some(polling) = &mut polling {
        polling.answered();
    }
    response
}

async fn respond(
    service: &Service,
    poll: &Poll<'_>,
    position: Position,
    polling: Option<&Polling<'_>>,
) -> Result<Response, ApiError> {
    if polling.is_some_and(|polling| polling.is_new) {
        let storage = &service.storage;
        service.proxies.write(storage, &service.notifier).await?;
    }
    if let Some(page) = poll.page(position).await? {
        return answer(poll, page).await;
    }
    tokio::select! {
        () = service.notifier.wait_above(poll.query.after) => {}
        () = tokio::time::sleep(poll.wait()) => {}
        () = service.stopped() => {}
    }
    // Read again in any case, so that 204 is never sent while the database cannot be read.
    match poll.page(service.storage.position().await?).await? {
        Some(page) => answer(poll, page).await,
        None => {
            poll.check_credential().await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}

struct Poll<'a> {
    service: &'a Service,
    identity: &'a FilterIdentity,
    query: FeedQuery,
    next: Option<Next>,
    limit: u32,
}

impl<'a> Poll<'a> {
    fn new(
        service: &'a Service,
        identity: &'a FilterIdentity,
        query: FeedQuery,
    ) -> Result<Self, ApiError> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, HIGHEST_LIMIT);
        let next = match &query.next {
            Some(text) => Some(Next::decode(text).ok_or(ApiError::RequestInvalid)?),
            None => None,
        };
        Ok(Self {
            service,
            identity,
            query,
            next,
            limit,
        })
    }

    /// Called just before each answer: the credential may have been revoked while the poll waited or
    /// the page was read.
    async fn check_credential(&self) -> Result<(), ApiError> {
        if self.identity.is_valid(self.service).await? {
            Ok(())
        } else {
            Err(ApiError::CredentialInvalid)
        }
    }

    fn wait(&self) -> Duration {
        Duration::from_secs(self.query.wait).min(LONGEST_WAIT)
    }

    /// What the poll reports about its proxy. An applied version of another epoch, or one that does
    /// not exist yet, is ignored.
    fn report(&self, position: &Position) -> Result<Option<Report>, ApiError> {
        let query = &self.query;
        let Some(instance) = &query.instance else {
            return Ok(None);
        };
        let same_epoch = query.epoch.as_ref() == Some(&position.epoch);
        let applied = query
            .applied
            .filter(|applied| same_epoch && *applied <= position.version);
        let stale = StaleReport {
            after_seconds: query.stale_after,
            then: query.then.as_deref(),
        };
        let report = Report::read(instance, applied, stale)
            .and_then(|report| report.of_process(query.node.as_deref(), query.process.as_deref()));
        let report = report.map_err(|error| {
            tracing::info!(%error, credential = self.identity.id(), "feed poll refused");
            ApiError::RequestInvalid
        })?;
        Ok(Some(report))
    }

    /// The page to send; `None` if there is nothing new.
    async fn page(&self, position: Position) -> Result<Option<FeedPage>, ApiError> {
        let storage = &self.service.storage;
        if let Some(next) = self
            .next
            .as_ref()
            .filter(|next| next.epoch == position.epoch)
        {
            return self.snapshot(position.epoch, Some(next)).await.map(Some);
        }
        if self.query.epoch.as_ref() != Some(&position.epoch) || self.next.is_some() {
            return self.snapshot(position.epoch, None).await.map(Some);
        }
        let after = self.query.after;
        if after == position.version {
            return Ok(None);
        }
        let changes = storage
            .changes(after, self.limit, self.identity.audiences())
            .await?;
        match changes {
            Some(items) => self.delta(position.epoch, items).await.map(Some),
            None => self.snapshot(position.epoch, None).await.map(Some),
        }
    }

    async fn snapshot(&self, epoch: String, from: Option<&Next>) -> Result<FeedPage, ApiError> {
        // The semaphore is never closed.
        let _permit = self.service.snapshot_reads.acquire().await;
        let items = self
            .service
            .storage
            .in_force(
                from.map(|next| &next.cursor),
                self.limit,
                self.identity.audiences(),
            )
            .await?;
        // All pages carry the version of the first: later changes follow as a delta.
        let version = from.map_or(items.version, |next| next.version);
        let next = items.next.clone().map(|cursor| Next {
            epoch: epoch.clone(),
            version,
            cursor,
        });
        let page = self.page_of(epoch, items).await?;
        Ok(FeedPage {
            kind: PageKind::Snapshot,
            after: 0,
            version,
            // The version of a later page is what the follower says.
            proof: page.proof.filter(|_| from.is_none()),
            next: next.as_ref().map(Next::encode).transpose()?,
            ..page
        })
    }

    async fn delta(&self, epoch: String, items: FeedItems) -> Result<FeedPage, ApiError> {
        Ok(FeedPage {
            kind: PageKind::Delta,
            after: self.query.after,
            ..self.page_of(epoch, items).await?
        })
    }

    async fn page_of(&self, epoch: String, items: FeedItems) -> Result<FeedPage, ApiError> {
        // Read after the items: at least the keys of the page's version. Later changes follow with
        // later versions.
        let keys = if items.keys {
            Some(self.service.keys().await?.jwks())
        } else {
            None
        };
        let proof = claim::proof(&self.service.seal, &epoch, items.version)?;
        Ok(FeedPage {
            epoch,
            kind: PageKind::Delta,
            after: 0,
            version: items.version,
            next: None,
            now: self.service.now(),
            proof: Some(proof),
            keys,
            applications: ApplicationChanges {
                put: items.applications,
                delete: items.gone,
            },
            revocations: RevocationChanges {
                put: items.revocations,
                delete: Vec::new(),
            },
        })
    }
}

/// The page as a response. A long page takes milliseconds to serialise, which must not delay other
/// requests on the same thread.
async fn answer(poll: &Poll<'_>, page: FeedPage) -> Result<Response, ApiError> {
    let body = if page.revocations.put.len() > SHORT {
        let written = tokio::task::spawn_blocking(move || serde_json::to_vec(&page)).await;
        written.map_err(|_| ApiError::Stopping)??
    } else {
        serde_json::to_vec(&page)?
    };
    poll.check_credential().await?;
    let headers = [
        (header::CONTENT_TYPE, JSON),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    Ok((headers, body).into_response())
}
