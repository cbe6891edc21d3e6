//! `application add | list | show | set | remove`.

pub mod policy;
mod shown;

use serde_json::json;

use super::super::arguments::ApplicationCommand;
use super::super::client::Client;
use super::super::confirmation::confirm;
use super::super::error::CliError;
use super::super::output::Output;
use crate::api::applications::removal::RemovedApplicationView;
use crate::api::applications::{ApplicationView, StoredApplication};
use crate::api::list::Items;
use shown::{list, notes_below, settings_of, with_notes};

pub async fn run(
    command: &ApplicationCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        ApplicationCommand::Add { name, settings } => {
            let draft = settings.to_draft(Some(name.clone()));
            let added: StoredApplication = client.post("/applications", &draft).await?;
            output.result(&added, || {
                let settings = with_notes(&added);
                format!(
                    "Added. Envoy leads to it once you print `envoy-config` again, and restart \
                     Envoy.\n{settings}"
                )
            });
        }
        ApplicationCommand::Set {
            name,
            rename,
            leave_to_wildcard,
            settings,
        } => {
            let changes = settings.to_draft(rename.clone());
            let request = json!({
                "name": name, "changes": changes, "leave_to_wildcard": leave_to_wildcard,
            });
            let now: StoredApplication = client.post("/applications/set", &request).await?;
            output.result(&now, || format!("Changed.\n{}", with_notes(&now)));
        }
        ApplicationCommand::Show { name } => {
            let request = json!({ "name": name });
            let shown: ApplicationView = client.post("/applications/show", &request).await?;
            output.result(&shown, || settings_of(&shown));
        }
        ApplicationCommand::Remove {
            name,
            yes,
            leave_to_wildcard,
        } => {
            confirm(&format!("Remove the application {name} for good?"), *yes)?;
            let request = json!({ "name": name, "leave_to_wildcard": leave_to_wildcard });
            let removed: RemovedApplicationView =
                client.post("/applications/remove", &request).await?;
            output.result(&removed, || {
                let RemovedApplicationView { name, version, .. } = &removed;
                let what = if removed.notes.is_empty() {
                    "its hostnames and its tokens"
                } else {
                    "its tokens"
                };
                format!(
                    "Removed {name}: filters that have applied version {version} refuse {what}.{}",
                    notes_below(&removed.notes)
                )
            });
        }
        ApplicationCommand::List => {
            let all: Items<ApplicationView> = client.get("/applications").await?;
            output.result(&all, || list(&all.items));
        }
    }
    Ok(())
}
