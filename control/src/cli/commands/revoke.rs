//! `revoke`: ends sessions now, and waits until every proxy acts by it if asked.

use serde::Serialize;
use serde_json::json;

use super::super::CliError;
use super::super::arguments::{RevokeCommand, Wait};
use super::super::client::Client;
use super::super::output::Output;
use super::coverage;
use crate::control_socket::coverage::CoverageView;
use crate::control_socket::revocations::{RevokedApplication, RevokedUser};

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
                "Revoked {email}: {} sessions ended, tokens below version {} are refused.",
                revoked.sessions_ended, revoked.version
            );
            tell((&revoked, revoked.version, done), wait, client, output).await
        }
        RevokeCommand::Application { name, wait } => {
            let revoked: RevokedApplication = client
                .post("/revocations/application", &json!({ "name": name }))
                .await?;
            let done = format!(
                "Revoked {name}: tokens below version {} are refused.",
                revoked.version
            );
            tell((&revoked, revoked.version, done), wait, client, output).await
        }
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
        Some(limit) => Some(coverage::wait(version, limit, client).await?),
        None => None,
    };
    let awaited = Awaited {
        revoked,
        applied: applied.as_ref(),
    };
    output.result(&awaited, || match &applied {
        Some(view) if view.coverage.complete => format!("{done}\n{}", coverage::everywhere(view)),
        _ => done,
    });
    match applied {
        Some(view) if !view.coverage.complete => {
            Err(CliError::NotApplied(coverage::missing(&view)))
        }
        _ => Ok(()),
    }
}
