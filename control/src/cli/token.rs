//! `token`: a token for scripts, which a user confirms in a browser (RFC 8628).
//!
//! Only the token goes to standard output, so that it can be used in a command; everything else
//! goes to standard error. No browser is opened, because it may be on another machine.

mod certificate;
pub mod error;
mod team_domain;
pub(super) mod transport;

use std::time::Duration;

use serde_json::json;

use super::arguments::TokenArguments;
use super::error::CliError;
use super::output::Output;
use error::TokenError;
use team_domain::{DeviceAuthorization, Polled, TeamDomain};

/// What `slow_down` adds to the interval (RFC 8628, section 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// The shortest interval, whatever the service says.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after polls that got no response.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Runs the command.
///
/// # Errors
/// When no token was issued.
pub fn token(arguments: &TokenArguments, output: Output) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(get(arguments, output))
}

async fn get(arguments: &TokenArguments, output: Output) -> Result<(), CliError> {
    let team_domain = TeamDomain::new(&arguments.team_domain, arguments.ca_file.as_deref())?;
    let authorization = team_domain.authorize(&arguments.application).await?;
    output.notice(&format!(
        "Open {}\nand confirm if the page shows the code  {}  (or type it at {}).\nWaiting …",
        authorization.verification_uri_complete,
        authorization.user_code,
        authorization.verification_uri
    ));
    let life = Duration::from_secs(authorization.expires_in);
    let answer = tokio::time::timeout(life, wait(&team_domain, &authorization)).await;
    let issued = answer.map_err(|_| TokenError::Expired)??;
    let object = json!({
        "application": arguments.application,
        "token": issued.access_token,
        "expires_in": issued.expires_in,
    });
    output.result(&object, || issued.access_token.clone());
    Ok(())
}

/// Polls until the user has answered.
async fn wait(
    team_domain: &TeamDomain,
    authorization: &DeviceAuthorization,
) -> Result<team_domain::IssuedToken, TokenError> {
    let mut interval = Duration::from_secs(authorization.interval).max(SHORTEST_PAUSE);
    let mut pause = interval;
    loop {
        tokio::time::sleep(pause).await;
        pause = match team_domain.poll(&authorization.device_code).await? {
            Polled::Issued(issued) => return Ok(issued),
            Polled::Waiting => interval,
            Polled::SlowDown => {
                interval += SLOW_DOWN;
                interval
            }
            // The user may already have confirmed, so keep polling, less and less often.
            Polled::NoAnswer => (pause * 2).min(LONGEST_PAUSE),
        };
    }
}
