//! `admin-token new`, `admin-token list`, `admin-token delete`.

use serde_json::json;

use super::super::arguments::AdminTokenCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::api::admin_tokens::{AddedAdminToken, AdminTokenId, AdminTokenView};
use crate::api::list::Items;

pub async fn run(
    command: &AdminTokenCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    match command {
        AdminTokenCommand::New { scope, expires } => {
            let request = json!({ "scopes": scope, "expires": expires });
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
        AdminTokenCommand::Delete { id } => {
            let deleted: AdminTokenId = client
                .post("/admin-tokens/delete", &json!({ "id": id }))
                .await?;
            output.result(&deleted, || format!("Deleted the token {}.", deleted.id));
        }
    }
    Ok(())
}

fn list(tokens: &[AdminTokenView]) -> String {
    let row = |token: &AdminTokenView| {
        [
            token.id.clone(),
            token.scopes.join(" "),
            time(token.created_at),
            time(token.expires_at),
        ]
    };
    let rows: Vec<[String; 4]> = tokens.iter().map(row).collect();
    table(["ID", "SCOPES", "SINCE", "UNTIL"], &rows)
}
