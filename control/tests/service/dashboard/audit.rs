//! The audit log's pages, and its export.

mod entry;
mod export;
mod filters;

use portcullis_control::audit::source::Source;
use portcullis_control::audit::{Actor, Event, EventName, Initiator, Subject};

use crate::harness::Service;

/// Who acts, from an address, in a request.
pub fn from(address: &str, request_id: &str) -> Initiator {
    let source = Source {
        address: address.parse().ok(),
        user_agent: "test/1".to_owned(),
        request_id: request_id.to_owned(),
    };
    source.by(Actor::System("test"))
}

/// Stores an event about a key with this id. The event's id.
pub async fn store(service: &Service, key: &str) -> u64 {
    let by = from("", "");
    let event = Event::new(EventName::KeyRotated, &by, Subject::key(key));
    add(service, event).await
}

/// Stores an event. Its id.
pub async fn add(service: &Service, event: Event) -> u64 {
    let storage = &service.running.service.storage;
    storage.add_event(event).await.unwrap();
    storage.newest_audit_id().await.unwrap()
}

/// The ids of the events on a page, in its order.
pub fn ids(page: &str) -> Vec<u64> {
    let (_, content) = page.split_once("<main").unwrap();
    let links = content
        .split("<th scope=\"row\"><a href=\"/dashboard/audit/")
        .skip(1);
    links
        .map(|link| link.split_once('"').unwrap().0.parse().unwrap())
        .collect()
}

/// The address of a link with this text.
pub fn link(page: &str, text: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\">{text}</a>"))?;
    let (_, address) = before.rsplit_once("href=\"")?;
    Some(address.replace("&#38;", "&").replace("&amp;", "&"))
}
