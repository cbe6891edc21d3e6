//! `application add`, `application list`, `application set`.

use serde_json::json;

use super::super::arguments::ApplicationCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table};
use crate::api::applications::ApplicationView;
use crate::api::list::Items;
use crate::applications::Draft;

pub async fn run(
    command: &ApplicationCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        ApplicationCommand::Add { name, settings } => {
            let draft = settings.to_draft(Some(name.clone()));
            let added: ApplicationView = client.post("/applications", &draft).await?;
            output.result(&added, || format!("Added.\n{}", describe(&added)));
        }
        ApplicationCommand::Set {
            name,
            rename,
            settings,
        } => {
            let changes = settings.to_draft(rename.clone());
            let request = json!({ "name": name, "changes": changes });
            let now: ApplicationView = client.post("/applications/set", &request).await?;
            output.result(&now, || format!("Changed.\n{}", describe(&now)));
        }
        ApplicationCommand::List => {
            let all: Items<ApplicationView> = client.get("/applications").await?;
            output.result(&all, || list(&all.items));
        }
    }
    Ok(())
}

fn list(applications: &[ApplicationView]) -> String {
    let row = |application: &ApplicationView| {
        let settings = &application.settings;
        [
            settings.name.clone().unwrap_or_default(),
            settings.origins.clone().unwrap_or_default().join(" "),
            settings.session_duration.clone().unwrap_or_default(),
            if application.declared { "file" } else { "cli" }.to_owned(),
            application.audience.clone(),
        ]
    };
    let rows: Vec<[String; 5]> = applications.iter().map(row).collect();
    table(["NAME", "ORIGINS", "SESSION", "FROM", "AUDIENCE"], &rows)
}

fn describe(application: &ApplicationView) -> String {
    let settings = &application.settings;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let flag = |flag: Option<bool>| flag.unwrap_or_default().to_string();
    let rows = [
        ["name".to_owned(), text(&settings.name)],
        ["audience".to_owned(), application.audience.clone()],
        [
            "origins".to_owned(),
            settings.origins.clone().unwrap_or_default().join(" "),
        ],
        [
            "session duration".to_owned(),
            text(&settings.session_duration),
        ],
        ["http only".to_owned(), flag(settings.http_only)],
        ["same site".to_owned(), text(&settings.same_site)],
        ["binding cookie".to_owned(), flag(settings.binding_cookie)],
        ["admits".to_owned(), admits(settings)],
    ];
    table(["SETTING", "VALUE"], &rows)
}

fn admits(settings: &Draft) -> String {
    let mut admitted = Vec::new();
    for rule in settings.policy.iter().flatten() {
        admitted.extend(rule.emails.iter().cloned());
        admitted.extend(
            rule.email_domains
                .iter()
                .map(|domain| format!("*@{domain}")),
        );
        admitted.extend(rule.everyone.then(|| "everyone".to_owned()));
    }
    if admitted.is_empty() {
        "nobody".to_owned()
    } else {
        admitted.join(", ")
    }
}
