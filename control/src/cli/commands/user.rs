//! `user add`, `user list`, `user disable`.

use std::io::Read;

use serde_json::json;

use super::super::arguments::UserCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, sessions_ended, table, time};
use crate::api::list::Items;
use crate::api::users::{AddedUser, RevokedUser, UserView};

pub async fn run(command: &UserCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        UserCommand::Add {
            email,
            password_stdin,
        } => add(email, *password_stdin, client, output).await,
        UserCommand::List => list(client, output).await,
        UserCommand::Disable { email } => {
            let request = json!({ "email": email });
            let revoked: RevokedUser = client.post("/users/disable", &request).await?;
            output.result(&revoked, || {
                format!(
                    "Disabled {email}: {}.",
                    sessions_ended(revoked.sessions_ended)
                )
            });
            Ok(())
        }
    }
}

async fn add(
    email: &str,
    password_stdin: bool,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let password = if password_stdin {
        Some(read_password().map_err(CliError::Password)?)
    } else {
        None
    };
    let request = json!({ "email": email, "password": password });
    let added: AddedUser = client.post("/users", &request).await?;
    output.result(&added, || match &added.password {
        Some(password) => format!(
            "Added {}. The password is not shown again:\n{password}",
            added.email
        ),
        None => format!("Added {}.", added.email),
    });
    Ok(())
}

/// One line, without its end.
fn read_password() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

async fn list(client: &Client, output: Output) -> Result<(), CliError> {
    let users: Items<UserView> = client.get("/users").await?;
    output.result(&users, || {
        let row = |user: &UserView| {
            let last = user.last_sign_in_at.map_or_else(String::new, time);
            let state = if user.disabled { "disabled" } else { "active" };
            [user.email.clone(), state.to_owned(), last, user.id.clone()]
        };
        let rows: Vec<[String; 4]> = users.items.iter().map(row).collect();
        table(["E-MAIL", "STATE", "LAST SIGN-IN", "ID"], &rows)
    });
    Ok(())
}
