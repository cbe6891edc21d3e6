//! `revoke`: ends sessions now, and can wait until every proxy acts on it.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::arguments::{RevokeCommand, Wait};
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, sessions_ended};
use super::revocation;
use crate::administration::coverage::CoverageView;
use crate::api::applications::revocation::RevokedApplication;
use crate::api::sessions::RevokedSession;
use crate::api::users::RevokedUser;

/// A revocation, and which proxies have applied it.
#[derive(Serialize)]
struct Awaited<'a> {
    #[serde(flatten)]
    revoked: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<&'a CoverageView>,
}

/// A revocation that was made.
pub(super) struct Done {
    /// The service's response.
    revoked: Value,
    version: u64,
    text: String,
}

impl Done {
    pub fn new(revoked: &impl Serialize, version: u64, text: String) -> Self {
        Self {
            revoked: serde_json::to_value(revoked).unwrap_or_default(),
            version,
            text,
        }
    }
}

pub async fn run(command: &RevokeCommand, client: &Client, output: Output) -> Result<(), CliError> {
    let (done, wait) = match command {
        RevokeCommand::User { email, wait } => (user(email, client).await?, wait),
        RevokeCommand::Application {
            name,
            fresh_login,
            wait,
        } => (application(name, *fresh_login, client).await?, wait),
        RevokeCommand::Session { id, wait } => (session(id, client).await?, wait),
    };
    finish(done, wait, client, output).await
}

async fn user(email: &str, client: &Client) -> Result<Done, CliError> {
    let request = json!({ "email": email });
    let revoked: RevokedUser = client.post("/revocations/user", &request).await?;
    let (version, sessions) = (revoked.version, sessions_ended(revoked.sessions_ended));
    let text = format!("Revoked {email}: {sessions}, tokens below version {version} are refused.");
    Ok(Done::new(&revoked, version, text))
}

async fn application(name: &str, fresh_login: bool, client: &Client) -> Result<Done, CliError> {
    let request = json!({ "name": name, "fresh_login": fresh_login });
    let revoked: RevokedApplication = client.post("/revocations/application", &request).await?;
    let version = revoked.version;
    let text = if fresh_login {
        format!(
            "Revoked {name}: users must sign in again, and tokens below version {version} are refused."
        )
    } else {
        format!("Revoked {name}: tokens below version {version} are refused.")
    };
    Ok(Done::new(&revoked, version, text))
}

async fn session(id: &str, client: &Client) -> Result<Done, CliError> {
    let request = json!({ "id": id });
    let revoked: RevokedSession = client.post("/revocations/session", &request).await?;
    let version = revoked.version;
    let text = format!("Ended the session: its tokens below version {version} are refused.");
    Ok(Done::new(&revoked, version, text))
}

/// Waits if requested, and shows what was done. Fails if a proxy has not applied it in time.
pub(super) async fn finish(
    done: Done,
    wait: &Wait,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let Done {
        revoked,
        version,
        text,
    } = done;
    let applied = match wait.limit() {
        Some(limit) => Some(revocation::wait(version, limit, client).await?),
        None => None,
    };
    let awaited = Awaited {
        revoked: &revoked,
        applied: applied.as_ref(),
    };
    output.result(&awaited, || match &applied {
        Some(view) if view.is_done() => {
            format!("{text}\n{}", revocation::applied_everywhere(view))
        }
        _ => text,
    });
    match applied {
        Some(view) if !view.is_done() => Err(CliError::NotApplied(revocation::missing(&view))),
        _ => Ok(()),
    }
}
