//! The audit log: its filter, its pages, and the export of all that a filter admits.

pub mod asked;
pub mod export;
pub mod revoked_by;
pub mod view;

use portcullis::time::UnixMillis;

use crate::service::Service;
use crate::storage::{
    AuditField, AuditFilter, AuditQuery, AuditReach, Order, StorageError, StoredEvent,
};

/// How far from an event others of the same request are looked for.
const NEIGHBOURHOOD: u64 = 500;
/// The most of them.
const MOST_NEIGHBOURS: u32 = 20;

/// A page of the log, newest first.
pub struct Page {
    /// The events.
    pub events: Vec<StoredEvent>,
    /// Below which id the next page begins, if there may be more.
    pub next: Option<u64>,
    /// How far the page came, if it ended before it was full and before the log does.
    pub came_to: Option<UnixMillis>,
    reach: AuditReach,
}

/// A page that begins below an id. It looks at a bounded number of rows.
///
/// # Errors
/// When the database cannot be read.
pub async fn page(
    service: &Service,
    filter: &AuditFilter,
    below: Option<u64>,
    length: u32,
) -> Result<Page, StorageError> {
    let storage = &service.storage;
    let reach = storage.audit_reach(filter, below).await?;
    let query = AuditQuery {
        filter,
        order: Order::NewestFirst,
        after: reach.below,
        before: Some(reach.above.unwrap_or(0)),
        by: reach.by,
        limit: length + 1,
    };
    let mut events = storage.audit_events(query).await?;
    let is_full = events.len() > length as usize;
    events.truncate(length as usize);
    let mut page = Page {
        next: events.last().filter(|_| is_full).map(|last| last.id),
        came_to: None,
        events,
        reach,
    };
    if !is_full
        && reach.has_older
        && let Some(above) = reach.above
    {
        page.came_to = storage.audit_time(above.saturating_add(1)).await?;
        page.next = page.came_to.map(|_| above.saturating_add(1));
    }
    Ok(page)
}

impl Page {
    /// Of several filters that leave an empty page, the one without which most would be there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn excludes_most(
        &self,
        service: &Service,
        filter: &AuditFilter,
    ) -> Result<Option<(AuditField, u64)>, StorageError> {
        let storage = &service.storage;
        let without = storage.audit_without_each(filter, self.reach).await?;
        let most = without.into_iter().max_by_key(|(_, count)| *count);
        Ok(most.filter(|(_, count)| *count > 0))
    }
}

/// The newest events that a filter admits, for a page about something else.
///
/// # Errors
/// When the database cannot be read.
pub async fn latest(
    service: &Service,
    filter: &AuditFilter,
    limit: u32,
) -> Result<Vec<StoredEvent>, StorageError> {
    Ok(page(service, filter, None, limit).await?.events)
}

/// The other events of the same request, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_same_request(
    service: &Service,
    event: &StoredEvent,
) -> Result<Vec<StoredEvent>, StorageError> {
    if event.request_id.is_empty() {
        return Ok(Vec::new());
    }
    let filter = AuditFilter {
        reference: event.request_id.clone(),
        ..AuditFilter::default()
    };
    let query = AuditQuery {
        filter: &filter,
        order: Order::OldestFirst,
        after: Some(event.id.saturating_sub(NEIGHBOURHOOD)),
        before: Some(event.id.saturating_add(NEIGHBOURHOOD)),
        by: None,
        limit: MOST_NEIGHBOURS,
    };
    let mut events = service.storage.audit_events(query).await?;
    events.retain(|one| one.id != event.id && one.request_id == event.request_id);
    Ok(events)
}
