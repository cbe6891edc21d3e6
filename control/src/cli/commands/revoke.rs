//! `revoke user`, `revoke application`, `revoke session`.

use serde_json::json;

use super::super::CliError;
use super::super::arguments::RevokeCommand;
use super::super::client::Client;
use super::super::output::Output;
use crate::control_socket::revocations::{RevokedApplication, RevokedSession, RevokedUser};

pub async fn run(command: &RevokeCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        RevokeCommand::User { email } => {
            let revoked: RevokedUser = client
                .post("/revocations/user", &json!({ "email": email }))
                .await?;
            output.result(&revoked, || {
                format!(
                    "Revoked {email}: {} sessions ended, tokens below version {} are refused.",
                    revoked.sessions_ended, revoked.version
                )
            });
        }
        RevokeCommand::Application { name, fresh_login } => {
            let request = json!({ "name": name, "fresh_login": fresh_login });
            let revoked: RevokedApplication =
                client.post("/revocations/application", &request).await?;
            output.result(&revoked, || {
                revoked_application(name, *fresh_login, &revoked)
            });
        }
        RevokeCommand::Session { id } => {
            let revoked: RevokedSession = client
                .post("/revocations/session", &json!({ "id": id }))
                .await?;
            output.result(&revoked, || {
                format!(
                    "Ended the session: its tokens below version {} are refused.",
                    revoked.version
                )
            });
        }
    }
    Ok(())
}

fn revoked_application(name: &str, fresh_login: bool, revoked: &RevokedApplication) -> String {
    let version = revoked.version;
    if fresh_login {
        format!(
            "Revoked {name}: whoever signed in before version {version} must sign in anew for it."
        )
    } else {
        format!("Revoked {name}: tokens below version {version} are refused.")
    }
}
