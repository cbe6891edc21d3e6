//! The token endpoint: redeeming codes and refresh tokens (RFC 6749, sections 4.1.3 and 6).

use serde::Deserialize;

use super::client::ClientProof;
use super::documents::discovery::Metadata;
use super::error::{Endpoint, ErrorCode, ProviderError};
use super::http::{Http, HttpError};
use crate::tokens::secret::Plain;

/// What is redeemed.
pub enum Grant<'a> {
    /// A code from the callback.
    Code {
        code: &'a Plain,
        redirect_uri: &'a str,
        verifier: &'a Plain,
    },
    /// A refresh token.
    RefreshToken(&'a Plain),
}

/// What was issued.
#[derive(Deserialize)]
pub struct Tokens {
    pub access_token: Option<Plain>,
    pub id_token: Option<Plain>,
    pub refresh_token: Option<Plain>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Redeems a grant.
///
/// # Errors
/// When nothing was issued.
pub async fn redeem(
    http: &Http,
    metadata: &Metadata,
    proof: &ClientProof,
    grant: &Grant<'_>,
) -> Result<Tokens, ProviderError> {
    let mut form = grant.form();
    form.extend(
        proof
            .form
            .iter()
            .map(|(name, value)| (*name, value.reveal())),
    );
    let answer = http
        .post(&metadata.token_endpoint, &form, &proof.authorization())
        .await
        .map_err(|error| ProviderError::of(Endpoint::Token, error))?;
    let malformed = || ProviderError::of(Endpoint::Token, HttpError::Form);
    if answer.status.is_success() {
        return serde_json::from_slice(&answer.body).map_err(|_| malformed());
    }
    match serde_json::from_slice::<Refusal>(&answer.body) {
        Ok(refusal) => Err(ProviderError::TokenRefused {
            code: ErrorCode::new(&refusal.error),
        }),
        Err(_) => {
            let status = HttpError::Status(answer.status.as_u16());
            Err(ProviderError::of(Endpoint::Token, status))
        }
    }
}

impl Grant<'_> {
    fn form(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Code {
                code,
                redirect_uri,
                verifier,
            } => vec![
                ("grant_type", "authorization_code"),
                ("code", code.reveal()),
                ("redirect_uri", redirect_uri),
                ("code_verifier", verifier.reveal()),
            ],
            Self::RefreshToken(token) => vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", token.reveal()),
            ],
        }
    }
}
