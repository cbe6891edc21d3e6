//! How the command line reaches a team domain: over TLS, with an end to every wait and a bound on
//! every answer, following nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use portcullis::protocol::origin::Origin;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Response};

use super::error::TokenError;
use crate::applications::is_loopback;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(30);
/// Answers are far smaller.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A client for a team domain that shows a certificate of the system's authorities or of those in
/// a file.
///
/// # Errors
/// When the file cannot be used.
pub fn client(origin: &Origin, authorities: Option<&Path>) -> Result<Client, TokenError> {
    let mut builder = Client::builder()
        .user_agent(concat!("portcullis-control/", env!("CARGO_PKG_VERSION")))
        .https_only(origin.is_https())
        .redirect(Policy::none())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(LIMIT);
    if is_loopback(origin.hostname()) {
        builder = on_this_machine(builder, origin);
    }
    if let Some(file) = authorities {
        builder = builder.tls_certs_only(certificates(file)?);
    }
    builder.build().map_err(|error| unreachable(origin, &error))
}

/// The body, up to a bound.
///
/// # Errors
/// When it breaks off.
pub async fn read(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            // Cut off, it is no JSON any more.
            break;
        }
    }
    Ok(body)
}

/// The error with all its causes: the deepest is the one that says what to do.
pub fn unreachable(origin: &Origin, error: &reqwest::Error) -> TokenError {
    let mut reasons = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reasons.push(error.to_string());
        cause = error.source();
    }
    if reasons.is_empty() {
        reasons.push(error.to_string());
    }
    TokenError::Unreachable {
        team_domain: origin.to_string(),
        reason: reasons.join(": "),
    }
}

/// Names of this machine mean this machine, whatever resolvers say (RFC 6761, section 6.3), and no
/// proxy leads there.
fn on_this_machine(builder: ClientBuilder, origin: &Origin) -> ClientBuilder {
    // The port is the URL's.
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    builder.resolve(origin.hostname(), here).no_proxy()
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, TokenError> {
    let pem = std::fs::read(file).map_err(|source| TokenError::AuthorityFile {
        file: file.to_owned(),
        source,
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TokenError::NoCertificate(file.to_owned())),
    }
}
