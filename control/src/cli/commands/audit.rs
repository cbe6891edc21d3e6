//! `audit list` and `audit export`.

use std::io::Write;

use super::super::arguments::{AuditCommand, AuditFilters};
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table};
use crate::administration::audit::view::{EventView, PartyView};
use crate::api::PATH;
use crate::api::audit::HIGHEST_LIMIT;
use crate::api::list::{Items, ListPage};
use crate::system::clock::{Clock, SystemClock};

/// How wide a list is, in characters.
const WIDTH: usize = 100;
const GAP: usize = 2;
/// How wide a time is.
const TIME: usize = 20;
/// How wide the column of actors is at most.
const ACTOR: usize = 24;

pub async fn run(command: &AuditCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        AuditCommand::List { filters, limit } => {
            let query = query(filters, "newest_first", *limit);
            let page: ListPage<EventView> = client.get(&path(&query, None)).await?;
            let events = Items { items: page.items };
            output.result(&events, || list(&events.items));
            if page.next.is_some() {
                output.notice("There are older events; --limit lists more of them.");
            }
            Ok(())
        }
        AuditCommand::Export { filters } => export(filters, client).await,
    }
}

/// Page by page, so that any number of events takes little memory. What is cut short is an error, since
/// nothing else in it says so.
async fn export(filters: &AuditFilters, client: &Client) -> Result<(), CliError> {
    let query = query(filters, "oldest_first", HIGHEST_LIMIT);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut cursor = None;
    loop {
        let page: ListPage<EventView> = client.get(&path(&query, cursor.as_deref())).await?;
        for event in &page.items {
            let line = serde_json::to_string(event).unwrap_or_default();
            writeln!(out, "{line}").map_err(CliError::CutShort)?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return out.flush().map_err(CliError::CutShort);
        }
    }
}

fn path(query: &str, cursor: Option<&str>) -> String {
    // A cursor is base64url, so it needs no escapes.
    let cursor = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
    format!("{PATH}/audit?{query}{cursor}")
}

fn query(filters: &AuditFilters, order: &str, limit: u32) -> String {
    let now = SystemClock.now();
    let seconds = |at: portcullis::time::UnixMillis| at.to_seconds().get().to_string();
    let since = filters.since.map(|when| seconds(when.before(now)));
    let until = filters.until.map(|when| seconds(when.before(now)));
    let given = [
        ("since", since.as_ref()),
        ("until", until.as_ref()),
        ("event", filters.event.as_ref()),
        ("user", filters.user.as_ref()),
        ("application", filters.application.as_ref()),
        ("actor", filters.actor.as_ref()),
        ("not_event", filters.not_event.as_ref()),
        ("outcome", filters.outcome.as_ref()),
        ("address", filters.address.as_ref()),
        ("reference", filters.reference.as_ref()),
    ];
    let given = given
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(given)
        .append_pair("order", order)
        .append_pair("limit", &limit.to_string())
        .finish()
}

fn list(events: &[EventView]) -> String {
    let lengths = |of: fn(&EventView) -> usize| events.iter().map(of).max().unwrap_or_default();
    let event = lengths(|event| event.event.len()).max("EVENT".len());
    let actor = lengths(|event| event.actor.named().chars().count());
    let actor = actor.clamp("ACTOR".len(), ACTOR);
    let about = WIDTH.saturating_sub(TIME + event + actor + 3 * GAP);
    let row = |event: &EventView| {
        [
            // To the second: `2026-11-27T08:00:00.123Z` without what is after the dot.
            event.time.split('.').next().unwrap_or_default().to_owned() + "Z",
            event.event.clone(),
            shortened(&event.actor.named(), actor),
            shortened(&told(event), about),
        ]
    };
    let rows: Vec<[String; 4]> = events.iter().map(row).collect();
    table(["TIME", "EVENT", "ACTOR", "ABOUT"], &rows)
}

/// What an event is about: where, why, and the subject if it is not the actor.
fn told(event: &EventView) -> String {
    let mut parts = Vec::new();
    if event.count > 1 {
        parts.push(format!("{} times", event.count));
    }
    parts.extend(event.reason.clone());
    parts.extend(event.about().map(PartyView::named));
    parts.extend(event.application.as_ref().map(|name| format!("at {name}")));
    parts.extend(
        event
            .address
            .as_ref()
            .map(|address| format!("from {address}")),
    );
    parts.join(", ")
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_fits_into_its_width() {
        let long = "a-very-long-name-that-nobody-would-choose".repeat(3);
        let event = json!({
            "id": 1, "time": "2026-11-27T08:00:00.123Z", "event": "admin.filter_credential_revoked",
            "actor": { "kind": "admin_token", "id": "id", "name": long },
            "subject": { "kind": "filter_credential", "id": "x", "name": long },
            "count": 12, "reason": "why", "application": "wiki", "address": "2001:db8::1",
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        let text = list(&[event]);
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width <= WIDTH), "{text}");
        assert!(
            text.contains("2026-11-27T08:00:00Z  admin.filter_credential_revoked  admin_token a-")
        );
        assert!(text.contains("…  12 times, why, "), "{text}");
    }

    #[test]
    fn a_user_who_acts_on_themselves_is_named_once() {
        let event = json!({
            "id": 1, "time": "2026-11-27T08:00:00.123Z", "event": "sign_in.succeeded",
            "actor": { "kind": "user", "id": "u", "name": "ana@example.com" },
            "subject": { "kind": "user", "id": "u", "name": "ana@example.com" },
            "count": 1, "application": "wiki", "address": "192.0.2.1",
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        assert_eq!(told(&event), "at wiki, from 192.0.2.1");
        assert_eq!(event.actor.named(), "ana@example.com");
    }
}
