//! `user add | list | passwd | disable | enable | role | remove`.

use std::io::Read;

use serde_json::json;

use super::super::arguments::UserCommand;
use super::super::client::Client;
use super::super::confirmation::confirm;
use super::super::error::CliError;
use super::super::output::{Output, sessions_ended, table, time};
use crate::api::list::Items;
use crate::api::users::enabling::EnabledUser;
use crate::api::users::password::PasswordSetView;
use crate::api::users::role::RoleView;
use crate::api::users::{AddedUser, RevokedUser, UserView};
use crate::sign_in::email::characters::with_scripts;

pub async fn run(command: &UserCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        UserCommand::Add {
            email,
            password_stdin,
        } => add(email, *password_stdin, client, output).await,
        UserCommand::List => list(client, output).await,
        UserCommand::Passwd {
            email,
            password_stdin,
            keep_sessions,
        } => {
            let password = password(*password_stdin)?;
            let request =
                json!({ "email": email, "password": password, "keep_sessions": keep_sessions });
            let set: PasswordSetView = client.post("/users/password", &request).await?;
            output.result(&set, || password_set(&set));
            Ok(())
        }
        UserCommand::Disable { email } => {
            let request = json!({ "email": email });
            let revoked: RevokedUser = client.post("/users/disable", &request).await?;
            output.result(&revoked, || ended("Disabled", email, &revoked));
            Ok(())
        }
        UserCommand::Enable { email } => {
            let request = json!({ "email": email });
            let enabled: EnabledUser = client.post("/users/enable", &request).await?;
            output.result(&enabled, || match enabled.enabled {
                0 => format!("{email} was not disabled. Nothing changed."),
                _ => format!("Enabled {email}, who can sign in again."),
            });
            Ok(())
        }
        UserCommand::Role { email, role } => set_role(email, role, client, output).await,
        UserCommand::Remove { email, yes } => {
            confirm(&format!("Remove {email} for good?"), *yes)?;
            let request = json!({ "email": email });
            let removed: RevokedUser = client.post("/users/remove", &request).await?;
            output.result(&removed, || ended("Removed", email, &removed));
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
    let request = json!({ "email": email, "password": password(password_stdin)? });
    let added: AddedUser = client.post("/users", &request).await?;
    output.result(&added, || {
        let mut text = match &added.password {
            Some(password) => format!(
                "Added {}. The password is not shown again:\n{password}",
                added.email
            ),
            None => format!("Added {}.", added.email),
        };
        if !added.mixed_scripts.is_empty() {
            text.push_str(&format!(
                "\nNote: the address mixes {} letters, some of which look alike. If that is not \
                 meant, remove the user, and type the address.",
                added.mixed_scripts.join(" and ")
            ));
        }
        text
    });
    Ok(())
}

async fn set_role(
    email: &str,
    role: &str,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let request = json!({ "email": email, "role": role });
    let set: RoleView = client.post("/users/role", &request).await?;
    output.result(&set, || match (&set.role, set.role == set.before) {
        (Some(_), true) => format!("{email} has this role already. Nothing changed."),
        (None, true) => format!("{email} has no role. Nothing changed."),
        (Some(_), false) => format!("{email} has the role {role} from the next request on."),
        (None, false) => format!("{email} has no role any more."),
    });
    Ok(())
}

/// The password from standard input, if it is to be read from there.
fn password(from_stdin: bool) -> Result<Option<String>, CliError> {
    if from_stdin {
        read_password().map(Some).map_err(CliError::Password)
    } else {
        Ok(None)
    }
}

/// One line, without its end.
fn read_password() -> std::io::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(64 * 1024).read_to_string(&mut text)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn password_set(set: &PasswordSetView) -> String {
    let email = &set.email;
    let sessions = match set.version {
        Some(_) => sessions_ended(set.sessions_ended),
        None => "sessions were kept".to_owned(),
    };
    let mut text = format!("Changed the password of {email}: {sessions}.");
    if set.disabled {
        text.push_str(&format!(
            "\n{email} is disabled; `user enable {email}` lets them sign in."
        ));
    }
    if let Some(password) = &set.password {
        text.push_str(&format!("\nThe password is not shown again:\n{password}"));
    }
    text
}

fn ended(done: &str, email: &str, revoked: &RevokedUser) -> String {
    let whom = match revoked.users {
        1 => email.to_owned(),
        count => format!("{count} users with the address {email}"),
    };
    let sessions = sessions_ended(revoked.sessions_ended);
    let version = revoked.version;
    format!("{done} {whom}: {sessions}, tokens below version {version} are refused.")
}

async fn list(client: &Client, output: Output) -> Result<(), CliError> {
    let users: Items<UserView> = client.get("/users").await?;
    output.result(&users, || {
        let row = |user: &UserView| {
            let last = user.last_sign_in_at.map_or_else(String::new, time);
            let state = match (user.disabled, &user.address_problem) {
                (true, _) => "disabled",
                (false, Some(_)) => "cannot sign in",
                (false, None) => "active",
            };
            let signs_in_with = match user.providers.join(", ") {
                providers if providers.is_empty() => "password".to_owned(),
                providers => providers,
            };
            let role = user.role.clone().unwrap_or_default();
            [
                with_scripts(&user.email),
                state.to_owned(),
                last,
                signs_in_with,
                role.replace('_', " "),
                user.id.clone(),
            ]
        };
        let rows: Vec<[String; 6]> = users.items.iter().map(row).collect();
        let titles = [
            "E-MAIL",
            "STATE",
            "LAST SIGN-IN",
            "SIGNS IN WITH",
            "ROLE",
            "ID",
        ];
        let mut text = table(titles, &rows);
        for user in &users.items {
            if let Some(problem) = &user.address_problem {
                text.push_str(&format!(
                    "\n{} ({}): {problem}.",
                    with_scripts(&user.email),
                    user.id
                ));
            }
        }
        text
    });
    Ok(())
}
