//! All events that a filter admits, oldest first, as a body that is made while it is sent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_core::stream::Stream;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::view::EventView;
use crate::service::Service;
use crate::storage::{AuditFilter, AuditQuery, Order, StorageError};

/// How many events are in memory at once.
const BATCH: u32 = 500;
const COLUMNS: &str = "id,time,event,actor_kind,actor_id,actor_name,subject_kind,subject_id,\
     subject_name,user_id,user_email,application,address,user_agent,rule,reason,request_id,count,\
     changes,details\r\n";

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Each event as one line of JSON.
    JsonLines,
    /// A table, for a spreadsheet.
    Csv,
}

impl Format {
    /// The format with a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "jsonl" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    fn headers(self) -> (HeaderValue, HeaderValue) {
        let (kind, disposition) = match self {
            Self::JsonLines => (
                "application/x-ndjson",
                "attachment; filename=\"audit.jsonl\"",
            ),
            Self::Csv => (
                "text/csv; charset=utf-8; header=present",
                "attachment; filename=\"audit.csv\"",
            ),
        };
        let value = HeaderValue::from_static;
        (value(kind), value(disposition))
    }

    fn write(self, event: &EventView, to: &mut Vec<u8>) -> Result<(), StorageError> {
        match self {
            Self::JsonLines => {
                serde_json::to_writer(&mut *to, event)?;
                to.push(b'\n');
            }
            Self::Csv => write_row(event, to),
        }
        Ok(())
    }
}

/// The export as a file to keep. If the database fails on the way, the connection is cut, so that a part
/// does not look like the whole.
///
/// # Errors
/// When the database cannot be read.
pub async fn export(
    service: &Arc<Service>,
    filter: AuditFilter,
    format: Format,
) -> Result<Response, StorageError> {
    // What is stored meanwhile is left out.
    let end = service.storage.newest_audit_id().await?.saturating_add(1);
    let (send, receive) = mpsc::channel(1);
    let service = Arc::clone(service);
    tokio::spawn(async move {
        let made = make(&service, &filter, (format, end), &send).await;
        if let Err(error) = made {
            tracing::warn!(%error, "an export of the audit log was cut short");
            let cut = io::Error::other("the database cannot be read");
            // The client may have gone.
            send.send(Err(cut)).await.ok();
        }
    });
    let mut response = Response::new(Body::from_stream(Parts(receive)));
    let headers = response.headers_mut();
    let (kind, disposition) = format.headers();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn make(
    service: &Service,
    filter: &AuditFilter,
    (format, end): (Format, u64),
    send: &Sender<io::Result<Vec<u8>>>,
) -> Result<(), StorageError> {
    let mut part = match format {
        Format::Csv => COLUMNS.as_bytes().to_vec(),
        Format::JsonLines => Vec::new(),
    };
    let mut after = None;
    loop {
        let query = AuditQuery {
            filter,
            order: Order::OldestFirst,
            after,
            before: Some(end),
            by: None,
            limit: BATCH,
        };
        let events = service.storage.audit_events(query).await?;
        let is_last = events.len() < BATCH as usize;
        after = events.last().map(|last| last.id);
        for event in events {
            format.write(&event.into(), &mut part)?;
        }
        let is_gone = send.send(Ok(std::mem::take(&mut part))).await.is_err();
        if is_last || is_gone {
            return Ok(());
        }
    }
}

/// The parts of a body, as they are made.
struct Parts(Receiver<io::Result<Vec<u8>>>);

impl Stream for Parts {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

fn write_row(event: &EventView, to: &mut Vec<u8>) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let json = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(String::new, ToString::to_string)
    };
    let subject = event.subject.as_ref();
    let of_subject =
        |party: fn(&super::view::PartyView) -> String| subject.map_or_else(String::new, party);
    let user = event.user.as_ref();
    let cells = [
        event.id.to_string(),
        event.time.clone(),
        event.event.clone(),
        event.actor.kind.clone(),
        text(&event.actor.id),
        text(&event.actor.name),
        of_subject(|party| party.kind.clone()),
        of_subject(|party| party.id.clone().unwrap_or_default()),
        of_subject(|party| party.name.clone().unwrap_or_default()),
        user.map_or_else(String::new, |user| user.id.clone()),
        user.map_or_else(String::new, |user| user.email.clone()),
        text(&event.application),
        text(&event.address),
        text(&event.user_agent),
        text(&event.rule),
        text(&event.reason),
        text(&event.request_id),
        event.count.to_string(),
        json(&event.changes),
        json(&event.details),
    ];
    to.extend(cells.map(|cell| cell_of(&cell)).join(",").as_bytes());
    to.extend(b"\r\n");
}

/// A cell that a spreadsheet takes for a text, not for a formula, and that cannot end before it ends
/// (RFC 4180).
fn cell_of(text: &str) -> String {
    let text = without_formulas(text);
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// With an apostrophe before each character that begins a formula, at the start and wherever a spreadsheet
/// may begin a cell: in some countries it does so at a semicolon, too.
fn without_formulas(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins_cell = true;
    for c in text.chars() {
        if begins_cell && matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r') {
            safe.push('\'');
        }
        safe.push(c);
        begins_cell = matches!(c, ';' | '\t' | '\r' | '\n');
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_cannot_be_left() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"] {
            assert_eq!(cell_of(formula), format!("'{formula}"));
        }
        assert_eq!(cell_of("\r=1"), "\"'\r'=1\"");
        assert_eq!(cell_of("x;=1"), "x;'=1");
        assert_eq!(cell_of("a-1; b"), "a-1; b");
        assert_eq!(cell_of("a=b"), "a=b");
        assert_eq!(cell_of("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(cell_of("=\"x\",1"), "\"'=\"\"x\"\",1\"");
    }
}
