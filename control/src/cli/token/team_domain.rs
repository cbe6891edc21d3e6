//! The team domain, as the command line calls it. Its responses are checked before any of them is
//! printed: a link must not lead to another origin, and no text may control the terminal.

use std::path::Path;

use portcullis::protocol::origin::Origin;
use reqwest::{Client, Response};
use serde::Deserialize;

use super::error::TokenError;
use super::transport::{self, read, unreachable};
use crate::tokens::device_codes::{CLIENT_ID, GRANT_TYPE};

/// A team domain.
pub struct TeamDomain {
    client: Client,
    origin: Origin,
}

/// The response to a request for a token (RFC 8628, section 3.2).
#[derive(Deserialize)]
pub struct DeviceAuthorization {
    /// What to poll with.
    pub device_code: String,
    /// What the user compares.
    pub user_code: String,
    /// Where the user types the code.
    pub verification_uri: String,
    /// The same page with the code filled in.
    pub verification_uri_complete: String,
    /// How long the user has to confirm, in seconds.
    pub expires_in: u64,
    /// The interval between two polls, in seconds.
    pub interval: u64,
}

/// An issued token.
#[derive(Deserialize)]
pub struct IssuedToken {
    /// The token.
    pub access_token: String,
    /// Its life, in seconds.
    pub expires_in: u64,
}

/// The result of a poll.
pub enum Polled {
    /// The token.
    Issued(IssuedToken),
    /// The user has not answered yet.
    Waiting,
    /// The user has not answered yet; poll less often.
    SlowDown,
    /// The team domain did not respond.
    NoAnswer,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl TeamDomain {
    /// A team domain whose certificate must be signed by an authority of the system, or by one in a
    /// file.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn new(origin: &Origin, authorities: Option<&Path>) -> Result<Self, TokenError> {
        let client = transport::client(origin, authorities)?;
        Ok(Self {
            client,
            origin: origin.clone(),
        })
    }

    /// Requests a token.
    ///
    /// # Errors
    /// When the team domain refuses, or does not answer.
    pub async fn authorize(&self, application: &str) -> Result<DeviceAuthorization, TokenError> {
        let parameters = [("client_id", CLIENT_ID), ("application", application)];
        let response = self
            .post("/device_authorization", &parameters)
            .await
            .map_err(|error| unreachable(&self.origin, &error))?;
        let good = response.status().is_success();
        let body = read(response).await;
        let body = body.map_err(|error| unreachable(&self.origin, &error))?;
        if !good {
            return Err(self.refused(&self.refusal(&body)?));
        }
        let authorization: DeviceAuthorization =
            serde_json::from_slice(&body).map_err(|_| self.not_a_team_domain())?;
        let page = format!("{}/", self.origin);
        // What is printed must neither lead to another origin nor control the terminal.
        let addresses = [
            &authorization.verification_uri,
            &authorization.verification_uri_complete,
        ];
        let own = addresses.iter().all(|uri| uri.starts_with(&page))
            && addresses
                .into_iter()
                .chain([&authorization.user_code])
                .all(|text| is_plain(text));
        if own {
            Ok(authorization)
        } else {
            Err(self.not_a_team_domain())
        }
    }

    /// Polls for the user's answer.
    ///
    /// # Errors
    /// When the request was refused or has expired.
    pub async fn poll(&self, device_code: &str) -> Result<Polled, TokenError> {
        let parameters = [
            ("grant_type", GRANT_TYPE),
            ("client_id", CLIENT_ID),
            ("device_code", device_code),
        ];
        let Ok(response) = self.post("/token", &parameters).await else {
            return Ok(Polled::NoAnswer);
        };
        let status = response.status();
        let Ok(body) = read(response).await else {
            return Ok(Polled::NoAnswer);
        };
        if status.is_success() {
            let issued: IssuedToken =
                serde_json::from_slice(&body).map_err(|_| self.not_a_team_domain())?;
            return if is_plain(&issued.access_token) {
                Ok(Polled::Issued(issued))
            } else {
                Err(self.not_a_team_domain())
            };
        }
        if status.is_server_error() {
            return Ok(Polled::NoAnswer);
        }
        let refusal = self.refusal(&body)?;
        match refusal.error.as_str() {
            "authorization_pending" => Ok(Polled::Waiting),
            "slow_down" => Ok(Polled::SlowDown),
            "expired_token" => Err(TokenError::Expired),
            _ => Err(self.refused(&refusal)),
        }
    }

    async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.origin);
        self.client.post(url).form(parameters).send().await
    }

    fn refusal(&self, body: &[u8]) -> Result<Refusal, TokenError> {
        serde_json::from_slice(body).map_err(|_| self.not_a_team_domain())
    }

    fn refused(&self, refusal: &Refusal) -> TokenError {
        let text = if refusal.error_description.is_empty() {
            &refusal.error
        } else {
            &refusal.error_description
        };
        // Control characters could be commands to the terminal.
        let shown = text.chars().filter(|c| !c.is_control()).collect();
        TokenError::Refused(shown)
    }

    fn not_a_team_domain(&self) -> TokenError {
        TokenError::NotATeamDomain(self.origin.to_string())
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
