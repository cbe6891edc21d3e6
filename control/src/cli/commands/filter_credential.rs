//! `filter-credential new | list | revoke`.

use serde_json::json;

use super::super::arguments::FilterCredentialCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, last_used, table, time};
use crate::api::filter_credentials::{
    AddedFilterCredential, FilterCredentialView, RevokedFilterCredential,
};
use crate::api::list::Items;
use crate::words::counted;

pub async fn run(
    command: &FilterCredentialCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        FilterCredentialCommand::New { name, application } => {
            let request = json!({ "name": name, "applications": application });
            let made: AddedFilterCredential = client.post("/filter-credentials", &request).await?;
            output.result(&made, || {
                format!(
                    "Filter credential {}. Store it now; it is not shown again.\n{}",
                    made.id, made.credential
                )
            });
        }
        FilterCredentialCommand::List => {
            let all: Items<FilterCredentialView> = client.get("/filter-credentials").await?;
            output.result(&all, || list(&all.items));
        }
        FilterCredentialCommand::Revoke { id } => {
            let request = json!({ "id": id });
            let revoked: RevokedFilterCredential =
                client.post("/filter-credentials/revoke", &request).await?;
            output.result(&revoked, || text(&revoked));
            if revoked.credentials_left == 0 {
                output.notice(
                    "Warning: no filter credential is left, so no filter can follow the feed. \
                     `filter-credential new` makes one.",
                );
            }
        }
    }
    Ok(())
}

fn list(credentials: &[FilterCredentialView]) -> String {
    let row = |one: &FilterCredentialView| {
        [
            one.id.clone(),
            one.name.clone(),
            applications(one.applications.as_deref()),
            time(one.created_at),
            last_used(one.last_used_at),
            one.live_proxies.to_string(),
        ]
    };
    let rows: Vec<[String; 6]> = credentials.iter().map(row).collect();
    let headings = [
        "ID",
        "NAME",
        "APPLICATIONS",
        "SINCE",
        "LAST USED",
        "LIVE PROXIES",
    ];
    table(headings, &rows)
}

fn applications(names: Option<&[String]>) -> String {
    match names {
        None => "all".to_owned(),
        Some(names) => names.join(", "),
    }
}

fn text(revoked: &RevokedFilterCredential) -> String {
    let name = match revoked.name.as_str() {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    let id = &revoked.id;
    let mut text =
        format!("Revoked the filter credential {id}{name}: its calls are refused from now on.");
    if revoked.live_proxies > 0 {
        let proxies = counted(revoked.live_proxies, "proxy", "proxies");
        text.push_str(&format!(
            "\nIn use by {proxies}, which get no more changes. When the feed is stale there, the \
             filter does what when_stale in its configuration says."
        ));
    }
    text
}
