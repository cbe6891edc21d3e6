//! `revoke`: ends sessions now, and waits until every proxy acts by it if asked.

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

/// A revocation, and how far it has come.
#[derive(Serialize)]
struct Awaited<'a, R> {
    #[serde(flatten)]
    revoked: &'a R,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<&'a CoverageView>,
}

pub async fn run(command: &RevokeCommand, client: &Client, output: Output) -> Result<(), CliError> {
    match command {
        RevokeCommand::User { email, wait } => {
            let revoked: RevokedUser = client
                .post("/revocations/user", &json!({ "email": email }))
                .await?;
            let done = format!(
                "Revoked {email}: {}, tokens below version {} are refused.",
                sessions_ended(revoked.sessions_ended),
                revoked.version
            );
            tell((&revoked, revoked.version, done), wait, client, output).await
        }
        RevokeCommand::Application {
            name,
            fresh_login,
            wait,
        } => {
            let request = json!({ "name": name, "fresh_login": fresh_login });
            let revoked: RevokedApplication =
                client.post("/revocations/application", &request).await?;
            let done = revoked_application(name, *fresh_login, &revoked);
            tell((&revoked, revoked.version, done), wait, client, output).await
        }
        RevokeCommand::Session { id, wait } => {
            let revoked: RevokedSession = client
                .post("/revocations/session", &json!({ "id": id }))
                .await?;
            let done = format!(
                "Ended the session: its tokens below version {} are refused.",
                revoked.version
            );
            tell((&revoked, revoked.version, done), wait, client, output).await
        }
    }
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

/// Shows what was done; whether it is everywhere decides the exit status.
async fn tell<R: Serialize>(
    (revoked, version, done): (&R, u64, String),
    wait: &Wait,
    client: &Client,
    output: Output,
) -> Result<(), CliError> {
    let applied = match wait.limit() {
        Some(limit) => Some(revocation::wait(version, limit, client).await?),
        None => None,
    };
    let awaited = Awaited {
        revoked,
        applied: applied.as_ref(),
    };
    output.result(&awaited, || match &applied {
        Some(view) if view.coverage.complete => format!("{done}\n{}", revocation::everywhere(view)),
        _ => done,
    });
    match applied {
        Some(view) if !view.coverage.complete => {
            Err(CliError::NotApplied(revocation::missing(&view)))
        }
        _ => Ok(()),
    }
}
