//! The HTTP client of the command line for a team domain: with TLS, time limits, bounded responses
//! and no redirects.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use portcullis::protocol::origin::{Origin, is_loopback};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Response};

use super::certificate::CertificateFault;
use super::error::TokenError;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(30);
/// Responses are far smaller.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// A client for a team domain whose certificate must be signed by an authority of the system, or by
/// one in a file.
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

/// The body, cut off after [`MAX_RESPONSE_BYTES`].
///
/// # Errors
/// When the connection breaks.
pub async fn read(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_RESPONSE_BYTES {
            // What is cut off is not valid JSON.
            break;
        }
    }
    Ok(body)
}

/// Why a call failed: what is wrong with the certificate, or else the error with all its causes, of
/// which the root cause usually says what to do.
pub fn unreachable(origin: &Origin, error: &reqwest::Error) -> TokenError {
    if let Some(fault) = CertificateFault::of(error) {
        return TokenError::Certificate {
            team_domain: origin.to_string(),
            fault,
        };
    }
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

/// Names of this machine are not resolved (RFC 6761, section 6.3), and no proxy is used for them.
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
