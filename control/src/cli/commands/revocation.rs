//! `revocation list`, `revocation show`, and waiting until proxies have applied a revocation.

use std::time::Duration;

use serde_json::json;

use super::super::arguments::RevocationCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::api::list::Items;
use crate::api::revocations::{CoverageView, RevocationView};
use crate::feed::proxies::AppliedAt;

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

/// Waits until every proxy has applied a version, at most for `limit`.
pub async fn wait(
    version: u64,
    limit: Duration,
    client: &Client,
) -> Result<CoverageView, CliError> {
    let timeout_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    let request = json!({ "version": version, "timeout_ms": timeout_ms });
    Ok(client.post("/revocations/wait", &request).await?)
}

/// The text if all proxies have applied it.
pub fn applied_everywhere(view: &CoverageView) -> String {
    match (view.coverage.proxies, view.coverage.slowest_ms) {
        (0, _) => "No proxy follows the feed.".to_owned(),
        (1, Some(after_ms)) => format!("The one proxy has applied it, after {after_ms} ms."),
        (1, None) => "The one proxy has applied it.".to_owned(),
        (count, Some(slowest_ms)) => {
            format!("All {count} proxies have applied it, the slowest after {slowest_ms} ms.")
        }
        (count, None) => format!("All {count} proxies have applied it."),
    }
}

/// The proxies that have not applied it.
pub fn missing(view: &CoverageView) -> String {
    let lacking: Vec<&AppliedAt> = view.items.iter().filter(|one| !one.applied).collect();
    let mut lines: Vec<String> = lacking
        .iter()
        .take(MAX_NAMED)
        .map(|one| {
            format!(
                "  {} at {} ({}) has version {}",
                one.instance,
                one.address,
                one.state.as_str(),
                one.version
            )
        })
        .collect();
    if lacking.len() > MAX_NAMED {
        lines.push(format!("  and {} more", lacking.len() - MAX_NAMED));
    }
    lines.extend(view.unwatched.iter().map(|credential| {
        format!("  filter credential {credential} has more proxies than are watched")
    }));
    lines.join("\n")
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
            one.address.clone(),
            one.version.to_string(),
            one.state.as_str().to_owned(),
            if one.applied { "yes" } else { "no" }.to_owned(),
            milliseconds(one.after_ms),
        ]
    };
    let rows: Vec<[String; 6]> = proxies.iter().map(row).collect();
    let headings = [
        "INSTANCE", "ADDRESS", "VERSION", "STATE", "APPLIED", "AFTER",
    ];
    table(headings, &rows)
}

fn milliseconds(count: Option<u64>) -> String {
    count.map_or_else(String::new, |count| format!("{count} ms"))
}
