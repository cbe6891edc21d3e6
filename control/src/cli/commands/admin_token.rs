//! `admin-token new | list | revoke`.

use serde_json::json;

use super::super::arguments::AdminTokenCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, last_used, table, time};
use crate::api::admin_tokens::{AddedAdminToken, AdminTokenId, AdminTokenView};
use crate::api::list::Items;

pub async fn run(
    command: &AdminTokenCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        AdminTokenCommand::New {
            scope,
            name,
            expires,
        } => {
            let request = json!({ "name": name, "scopes": scope, "expires": expires });
            let made: AddedAdminToken = client.post("/admin-tokens", &request).await?;
            output.result(&made, || {
                format!(
                    "Admin token {}, valid until {}. Store it now; it is not shown again.\n{}",
                    made.view.id,
                    time(made.view.expires_at),
                    made.token
                )
            });
        }
        AdminTokenCommand::List => {
            let tokens: Items<AdminTokenView> = client.get("/admin-tokens").await?;
            output.result(&tokens, || list(&tokens.items));
        }
        AdminTokenCommand::Revoke { id } => {
            let request = json!({ "id": id });
            let revoked: AdminTokenId = client.post("/admin-tokens/revoke", &request).await?;
            output.result(&revoked, || {
                format!("Revoked the admin token {}.", revoked.id)
            });
        }
    }
    Ok(())
}

fn list(tokens: &[AdminTokenView]) -> String {
    let row = |token: &AdminTokenView| {
        [
            token.id.clone(),
            token.name.clone(),
            token.scopes.join(" "),
            time(token.created_at),
            time(token.expires_at),
            last_used(token.last_used_at),
        ]
    };
    let rows: Vec<[String; 6]> = tokens.iter().map(row).collect();
    let headings = ["ID", "NAME", "SCOPES", "SINCE", "UNTIL", "LAST USED"];
    table(headings, &rows)
}
