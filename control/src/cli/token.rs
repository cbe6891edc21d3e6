//! `token`: a token for scripts, confirmed by a person in a browser (RFC 8628).
//!
//! The token alone goes to standard output, so that it can be put into a command; everything
//! else goes to standard error. No browser is opened: it may well be on another machine.

mod team_domain;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::CliError;
use super::arguments::TokenWish;
use super::output::Output;
pub use team_domain::team_domain;
use team_domain::{Asked, Polled, TeamDomain};

/// What `slow_down` adds to the interval (RFC 8628, section 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// Nobody can tell this client to poll without pause.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after polls without an answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file with authorities cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    AuthorityFile {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate in PEM form", .0.display())]
    NoCertificate(PathBuf),
    /// The team domain does not answer, or not as one that can be trusted.
    #[error(
        "{team_domain} does not answer: {reason}\nIs this the team domain? A private certificate authority is named by --ca-file."
    )]
    Unreachable {
        /// The team domain.
        team_domain: String,
        /// All causes, the last the deepest.
        reason: String,
    },
    /// It answers something else than a team domain does.
    #[error("{0} answers, but not as a team domain of Portcullis does")]
    NotATeamDomain(String),
    /// The service said no, in these words.
    #[error("{0}")]
    Refused(String),
    /// Nobody confirmed.
    #[error("nobody confirmed the code in time; run the command again")]
    Expired,
}

/// Runs the command.
///
/// # Errors
/// When no token was made.
pub fn token(wish: &TokenWish, output: Output) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(get(wish, output))
}

async fn get(wish: &TokenWish, output: Output) -> Result<(), CliError> {
    let team_domain = TeamDomain::new(&wish.team_domain, wish.ca_file.as_deref())?;
    let asked = team_domain.ask(&wish.application).await?;
    output.notice(&format!(
        "Open {}\nand confirm if it shows the code  {}  (or type it at {}).\nWaiting …",
        asked.verification_uri_complete, asked.user_code, asked.verification_uri
    ));
    let life = Duration::from_secs(asked.expires_in);
    let answer = tokio::time::timeout(life, wait(&team_domain, &asked)).await;
    let made = answer.map_err(|_| TokenError::Expired)??;
    let object = json!({
        "application": wish.application,
        "token": made.access_token,
        "expires_in": made.expires_in,
    });
    output.result(&object, || made.access_token.clone());
    Ok(())
}

/// Polls until there is an answer.
async fn wait(team_domain: &TeamDomain, asked: &Asked) -> Result<team_domain::Made, TokenError> {
    let mut interval = Duration::from_secs(asked.interval).max(SHORTEST_PAUSE);
    let mut pause = interval;
    loop {
        tokio::time::sleep(pause).await;
        pause = match team_domain.poll(&asked.device_code).await? {
            Polled::Made(made) => return Ok(made),
            Polled::Waiting => interval,
            Polled::SlowDown => {
                interval += SLOW_DOWN;
                interval
            }
            // The person may have confirmed already: ask on, ever less often.
            Polled::NoAnswer => (pause * 2).min(LONGEST_PAUSE),
        };
    }
}
