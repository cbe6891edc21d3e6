//! `application add | list | show | set | remove`.

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
use shown::{list, settings_of, with_notes};

pub async fn run(
    command: &ApplicationCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        ApplicationCommand::Add { name, settings } => {
            let draft = settings.to_draft(Some(name.clone()));
            let added: StoredApplication = client.post("/applications", &draft).await?;
            output.result(&added, || format!("Added.\n{}", with_notes(&added)));
        }
        ApplicationCommand::Set {
            name,
            rename,
            settings,
        } => {
            let changes = settings.to_draft(rename.clone());
            let request = json!({ "name": name, "changes": changes });
            let now: StoredApplication = client.post("/applications/set", &request).await?;
            output.result(&now, || format!("Changed.\n{}", with_notes(&now)));
        }
        ApplicationCommand::Show { name } => {
            let request = json!({ "name": name });
            let shown: ApplicationView = client.post("/applications/show", &request).await?;
            output.result(&shown, || settings_of(&shown));
        }
        ApplicationCommand::Remove { name, yes } => {
            confirm(&format!("Remove the application {name} for good?"), *yes)?;
            let request = json!({ "name": name });
            let removed: RemovedApplicationView =
                client.post("/applications/remove", &request).await?;
            output.result(&removed, || {
                format!(
                    "Removed {}: filters that have applied version {} refuse its hostnames and its \
                     tokens.",
                    removed.name, removed.version
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
