//! `revocation list`, `revocation show`, and waiting until proxies have applied a revocation.

use std::time::Duration;

use serde_json::json;

use super::super::arguments::RevocationCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::administration::coverage::{CoverageView, WaitFor};
use crate::api::list::Items;
use crate::api::revocations::RevocationView;
use crate::feed::proxies::{AppliedAt, ProxyState};

/// The most proxies that an error names.
const MAX_NAMED: usize = 20;

pub async fn run(
    command: &RevocationCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        RevocationCommand::List { limit, below } => {
            let below = below.map_or_else(String::new, |below| format!("&below={below}"));
            let path = format!("/revocations?limit={limit}{below}");
            let all: Items<RevocationView> = client.get(&path).await?;
            output.result(&all, || list(&all.items));
        }
        RevocationCommand::Show { version } => {
            let request = json!({ "version": version });
            let view: CoverageView = client.post("/revocations/show", &request).await?;
            output.result(&view, || each(&view.items));
        }
    }
    Ok(())
}

/// Waits until proxies have applied a version: which, and for how long at most.
pub async fn wait(
    version: u64,
    (wait_for, limit): (WaitFor, Duration),
    client: &Client,
) -> Result<CoverageView, CliError> {
    let timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let request = json!({ "version": version, "timeout_ms": timeout_ms, "wait_for": wait_for });
    Ok(client.post("/revocations/wait", &request).await?)
}

/// The text if all proxies that were waited for have applied it.
pub fn applied_everywhere(view: &CoverageView) -> String {
    let waited_for = |one: &&AppliedAt| match view.waited_for {
        WaitFor::All => true,
        WaitFor::Live => one.state == ProxyState::Live,
    };
    let proxies: Vec<&AppliedAt> = view.items.iter().filter(waited_for).collect();
    let slowest_ms = proxies.iter().filter_map(|one| one.after_ms).max();
    let live = match view.waited_for {
        WaitFor::All => "",
        WaitFor::Live => " live",
    };
    let applied = match (proxies.len(), slowest_ms) {
        (0, _) => match view.waited_for {
            WaitFor::All => "No proxy follows the feed.".to_owned(),
            WaitFor::Live => "No proxy polls the feed.".to_owned(),
        },
        (1, Some(after_ms)) => format!("The one{live} proxy has applied it, after {after_ms} ms."),
        (1, None) => format!("The one{live} proxy has applied it."),
        (count, Some(slowest_ms)) => {
            format!("All {count}{live} proxies have applied it, the slowest after {slowest_ms} ms.")
        }
        (count, None) => format!("All {count}{live} proxies have applied it."),
    };
    let mut text = applied;
    let missing = missing(view);
    if !missing.is_empty() {
        text.push_str("\nThese do not poll, may still admit users, and were left out:\n");
        text.push_str(&missing);
    }
    let lines = presumed_ended(view);
    if !lines.is_empty() {
        text.push_str("\nPresumed ended, since another process of the node took the place:\n");
        text.push_str(&lines);
    }
    text
}

/// The proxies that are presumed to have ended.
fn presumed_ended(view: &CoverageView) -> String {
    let line = |one: &AppliedAt| {
        let AppliedAt {
            instance, address, ..
        } = one;
        let node = one.node.as_deref().unwrap_or_default();
        match one.until {
            Some(until) => format!(
                "  {instance} at {address} (node {node}); if it still runs, it admits users until {}",
                time(until)
            ),
            None => format!(
                "  {instance} at {address} (node {node}); if it still runs, it admits users without \
                 end (`then: allow`)"
            ),
        }
    };
    let ended = &view.presumed_ended;
    let mut lines: Vec<String> = ended.iter().take(MAX_NAMED).map(line).collect();
    if ended.len() > MAX_NAMED {
        lines.push(format!("  and {} more", ended.len() - MAX_NAMED));
    }
    lines.join("\n")
}

/// The proxies that have not applied it.
pub fn missing(view: &CoverageView) -> String {
    let lacking: Vec<&AppliedAt> = view.items.iter().filter(|one| !one.applied).collect();
    let mut lines: Vec<String> = lacking
        .iter()
        .take(MAX_NAMED)
        .map(|one| lacks(one))
        .collect();
    if lacking.len() > MAX_NAMED {
        lines.push(format!("  and {} more", lacking.len() - MAX_NAMED));
    }
    lines.extend(view.unwatched.iter().map(|credential| {
        format!("  filter credential {credential} has more proxies than are watched")
    }));
    if view.waited_for == WaitFor::All && lacking.iter().any(|one| is_unknown(one)) {
        lines.push(
            "`--wait-for live` waits only for proxies that poll; if one is gone for good, run `proxy \
             forget` with its name"
                .to_owned(),
        );
    }
    lines.join("\n")
}

/// That a proxy has not applied it, and until when it is waited for.
fn lacks(one: &AppliedAt) -> String {
    let AppliedAt {
        instance,
        address,
        version,
        ..
    } = one;
    let node = one.node.as_ref();
    let node = node.map_or_else(String::new, |node| format!(", node {node}"));
    let state = one.state.as_str();
    let lacks = format!("  {instance} at {address} ({state}{node}) has version {version}");
    match one.until {
        _ if !is_unknown(one) => lacks,
        Some(until) => format!(
            "{lacks}; it no longer polls, and may admit users until {}, when its own \
             configuration makes it deny every request",
            time(until)
        ),
        None => format!(
            "{lacks}; it no longer polls, and may admit users without end (`then: allow`, or an \
             old filter): once it is gone, run `proxy forget {instance}`"
        ),
    }
}

fn is_unknown(one: &AppliedAt) -> bool {
    one.state == ProxyState::Unknown
}

fn list(revocations: &[RevocationView]) -> String {
    let row = |one: &RevocationView| {
        [
            one.version.to_string(),
            if one.fresh {
                format!("{}, fresh login", one.scope)
            } else {
                one.scope.to_string()
            },
            one.name.clone().unwrap_or_else(|| one.subject.clone()),
            one.revoked_at.map_or_else(String::new, time),
            format!("{} of {}", one.applied, one.proxies),
            milliseconds(one.slowest_ms),
        ]
    };
    let rows: Vec<[String; 6]> = revocations.iter().map(row).collect();
    let headings = ["VERSION", "SCOPE", "WHOSE", "REVOKED", "APPLIED", "SLOWEST"];
    table(headings, &rows)
}

fn each(proxies: &[AppliedAt]) -> String {
    let row = |one: &AppliedAt| {
        [
            one.instance.clone(),
            one.node.clone().unwrap_or_default(),
            one.address.clone(),
            one.version.to_string(),
            one.state.as_str().to_owned(),
            if one.applied { "yes" } else { "no" }.to_owned(),
            milliseconds(one.after_ms),
        ]
    };
    let rows: Vec<[String; 7]> = proxies.iter().map(row).collect();
    let headings = [
        "INSTANCE", "NODE", "ADDRESS", "VERSION", "STATE", "APPLIED", "AFTER",
    ];
    table(headings, &rows)
}

fn milliseconds(count: Option<u64>) -> String {
    count.map_or_else(String::new, |count| format!("{count} ms"))
}
