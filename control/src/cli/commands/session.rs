//! `session list`.

use super::super::arguments::SessionCommand;
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, table, time};
use crate::admin_api::PATH;
use crate::api::list::{Items, ListPage};
use crate::api::sessions::SessionView;
use crate::sign_in::email::characters::with_scripts;

pub async fn run(
    command: &SessionCommand,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let SessionCommand::List { user } = command;
    let sessions = Items {
        items: all(client, user.as_deref()).await?,
    };
    output.result(&sessions, || list(&sessions.items));
    Ok(())
}

/// All pages.
async fn all(client: &Client, user: Option<&str>) -> Result<Vec<SessionView>, CliError> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", "200");
        query.extend_pairs(user.map(|user| ("user", user)));
        query.extend_pairs(cursor.iter().map(|cursor: &String| ("cursor", cursor)));
        let path = format!("{PATH}/sessions?{}", query.finish());
        let page: ListPage<SessionView> = client.get(&path).await?;
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(items);
        }
    }
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
