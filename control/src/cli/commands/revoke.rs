//! `revoke`: ends sessions now, and can wait until every proxy acts on it.

use serde::Serialize;
use serde_json::json;

use super::super::arguments::{RevokeCommand, Wait};
use super::super::client::Client;
use super::super::error::CliError;
use super::super::output::{Output, sessions_ended};
use super::revocation;
use crate::api::applications::RevokedApplication;
use crate::api::revocations::CoverageView;
use crate::api::sessions::RevokedSession;
use crate::api::users::RevokedUser;

/// A revocation, and which proxies have applied it.
#[derive(Serialize)]
struct Awaited<'a, R> {
    #[serde(flatten)]
    revoked: &'a R,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<&'a CoverageView>,
}

/// A revocation that was made, and the text that says so.
pub(super) struct Done<'a, R> {
    revoked: &'a R,
    version: u64,
    text: String,
}

impl<'a, R> Done<'a, R> {
    pub fn new(revoked: &'a R, version: u64, text: String) -> Self {
        Self {
            revoked,
            version,
            text,
        }
    }
}

pub async fn run(command: &RevokeCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        RevokeCommand::User { email, wait } => {
            let revoked: RevokedUser = client
                .post("/revocations/user", &json!({ "email": email }))
                .await?;
            let text = format!(
                "Revoked {email}: {}, tokens below version {} are refused.",
                sessions_ended(revoked.sessions_ended),
                revoked.version
            );
            finish(
                Done::new(&revoked, revoked.version, text),
                wait,
                client,
                output,
            )
            .await
        }
        RevokeCommand::Application {
            name,
            fresh_login,
            wait,
        } => {
            let request = json!({ "name": name, "fresh_login": fresh_login });
            let revoked: RevokedApplication =
                client.post("/revocations/application", &request).await?;
            let text = revoked_application(name, *fresh_login, &revoked);
            finish(
                Done::new(&revoked, revoked.version, text),
                wait,
                client,
                output,
            )
            .await
        }
        RevokeCommand::Session { id, wait } => {
            let revoked: RevokedSession = client
                .post("/revocations/session", &json!({ "id": id }))
                .await?;
            let text = format!(
                "Ended the session: its tokens below version {} are refused.",
                revoked.version
            );
            finish(
                Done::new(&revoked, revoked.version, text),
                wait,
                client,
                output,
            )
            .await
        }
    }
}

fn revoked_application(name: &str, fresh_login: bool, revoked: &RevokedApplication) -> String {
    let version = revoked.version;
    if fresh_login {
        format!(
            "Revoked {name}: users must sign in again, and tokens below version {version} are refused."
        )
    } else {
        format!("Revoked {name}: tokens below version {version} are refused.")
    }
}

/// Waits if requested, and shows what was done. Fails if a proxy has not applied it in time.
pub(super) async fn finish<R: Serialize>(
    done: Done<'_, R>,
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
        revoked,
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
