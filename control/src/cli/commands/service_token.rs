//! `service-token new | list | rotate | disable | enable | delete`.

use portcullis::reply::percent_encode;
use serde_json::json;

use super::super::arguments::ServiceTokenCommand;
use super::super::client::Client;
use super::super::confirmation::confirm;
use super::super::error::CliError;
use super::super::output::{Output, last_used, table, time};
use super::revoke::{Done, finish};
use crate::api::PATH;
use crate::api::list::Items;
use crate::api::service_tokens::{
    ChangedServiceToken, NewServiceToken, RotateServiceToken, ServiceTokenSecret, ServiceTokenView,
};

pub async fn run(
    command: &ServiceTokenCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        ServiceTokenCommand::New { name, expires } => {
            let request = NewServiceToken {
                name: name.clone(),
                expires: expires.clone(),
            };
            let path = format!("{PATH}/service-tokens");
            let made: ServiceTokenSecret = client.post(&path, &request).await?;
            output.result(&made, || secret(&made));
            Ok(())
        }
        ServiceTokenCommand::List => list(client, output).await,
        ServiceTokenCommand::Rotate {
            name,
            grace,
            expires,
        } => {
            let request = RotateServiceToken {
                grace: grace.clone(),
                expires: expires.clone(),
            };
            let rotated: ServiceTokenSecret =
                client.post(&path_of(name, "/rotate"), &request).await?;
            output.result(&rotated, || secret(&rotated));
            Ok(())
        }
        ServiceTokenCommand::Disable { name, wait } => {
            let disabled = client.post(&path_of(name, "/disable"), &json!({})).await?;
            finish(ended("Disabled", &disabled), wait, client, output).await
        }
        ServiceTokenCommand::Enable { name } => {
            let enabled: ChangedServiceToken =
                client.post(&path_of(name, "/enable"), &json!({})).await?;
            output.result(&enabled, || {
                format!("Enabled the service token {}.", enabled.name)
            });
            Ok(())
        }
        ServiceTokenCommand::Delete { name, yes, wait } => {
            confirm(&format!("Delete the service token {name} for good?"), *yes)?;
            let deleted = client.delete(&path_of(name, "")).await?;
            finish(ended("Deleted", &deleted), wait, client, output).await
        }
    }
}

async fn list(client: &Client, output: Output) -> Result<(), CliError> {
    let path = format!("{PATH}/service-tokens");
    let all: Items<ServiceTokenView> = client.all(&path, &[]).await?;
    output.result(&all, || {
        let rows: Vec<[String; 6]> = all.items.iter().map(row).collect();
        let headings = ["NAME", "CLIENT ID", "STATE", "SINCE", "UNTIL", "LAST USED"];
        table(headings, &rows)
    });
    Ok(())
}

fn row(token: &ServiceTokenView) -> [String; 6] {
    [
        token.name.clone(),
        token.client_id.clone(),
        token.state.clone(),
        time(token.created_at),
        time(token.expires_at),
        last_used(token.last_seen_at),
    ]
}

/// Lines that a program can send as they are, as `curl --header @file` does.
fn secret(made: &ServiceTokenSecret) -> String {
    let view = &made.view;
    let old = match (view.old_secret_until, view.rotated_at) {
        (Some(until), _) => format!(" The secret before is good until {}.", time(until)),
        (None, Some(_)) => " The secret before is no longer good.".to_owned(),
        (None, None) => String::new(),
    };
    format!(
        "Service token {}, valid until {}.{old} Store the secret now; it is not shown again.\n\
         x-access-client-id: {}\nx-access-client-secret: {}",
        view.name,
        time(view.expires_at),
        view.client_id,
        made.client_secret
    )
}

fn ended(how: &str, changed: &ChangedServiceToken) -> Done {
    let version = changed.version.unwrap_or_default();
    let text = format!(
        "{how} the service token {}: tokens below version {version} are refused.",
        changed.name
    );
    Done::new(changed, version, text)
}

fn path_of(name: &str, call: &str) -> String {
    let name = percent_encode(name.as_bytes());
    format!("{PATH}/service-tokens/{name}{call}")
}
