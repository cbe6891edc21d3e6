//! `session list`.

use super::super::arguments::SessionCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::api::PATH;
use crate::api::list::Items;
use crate::api::sessions::SessionView;
use crate::sign_in::email::characters::with_scripts;

pub async fn run(
    command: &SessionCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let SessionCommand::List { user } = command;
    let of_user = user.as_deref().map(|user| ("user", user));
    let path = format!("{PATH}/sessions");
    let sessions: Items<SessionView> = client.all(&path, of_user.as_slice()).await?;
    output.result(&sessions, || list(&sessions.items));
    Ok(())
}

fn list(sessions: &[SessionView]) -> String {
    let row = |session: &SessionView| {
        let names: Vec<&str> = session
            .applications
            .iter()
            .map(|used| used.name.as_str())
            .collect();
        [
            with_scripts(&session.user),
            session.browser.clone(),
            session.address.clone(),
            names.join(", "),
            time(session.since),
            time(session.until),
            session.id.clone(),
        ]
    };
    let rows: Vec<[String; 7]> = sessions.iter().map(row).collect();
    let headings = [
        "USER",
        "BROWSER",
        "ADDRESS",
        "APPLICATIONS",
        "SINCE",
        "UNTIL",
        "ID",
    ];
    table(headings, &rows)
}
