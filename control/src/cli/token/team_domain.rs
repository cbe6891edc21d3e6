//! The team domain as the command line speaks to it: nothing is taken from an answer that was not
//! asked for, and nothing printed that could lead elsewhere.

use std::path::Path;

use portcullis::protocol::origin::Origin;
use reqwest::{Client, Response};
use serde::Deserialize;

use super::TokenError;
use super::transport::{self, read, unreachable};
use crate::applications::is_loopback;
use crate::tokens::device_codes::{CLIENT_ID, GRANT_TYPE};

/// A team domain.
pub struct TeamDomain {
    client: Client,
    origin: Origin,
}

/// What it answers to a request for a token.
#[derive(Deserialize)]
pub struct Asked {
    /// What to poll with.
    pub device_code: String,
    /// What the person compares.
    pub user_code: String,
    /// Where the person types the code.
    pub verification_uri: String,
    /// Where the person need not type it.
    pub verification_uri_complete: String,
    /// How long the person has, in seconds.
    pub expires_in: u64,
    /// Between two polls, in seconds.
    pub interval: u64,
}

/// A token.
#[derive(Deserialize)]
pub struct Made {
    /// The token.
    pub access_token: String,
    /// Its life, in seconds.
    pub expires_in: u64,
}

/// What a poll found.
pub enum Polled {
    /// The token.
    Made(Made),
    /// Nobody has answered yet.
    Waiting,
    /// Nobody has answered yet; poll less often.
    SlowDown,
    /// The team domain is away for the moment.
    NoAnswer,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Reads `--team-domain`.
///
/// # Errors
/// When it is no origin, or tokens could be read on the way.
pub fn team_domain(text: &str) -> Result<Origin, String> {
    let origin: Origin = text
        .strip_suffix('/')
        .unwrap_or(text)
        .parse()
        .map_err(|error| format!("{error}"))?;
    if origin.is_https() || is_loopback(origin.hostname()) {
        Ok(origin)
    } else {
        Err("must be https; http is only for localhost, *.localhost and 127.0.0.1".to_owned())
    }
}

impl TeamDomain {
    /// A team domain, which shows a certificate of the system's authorities or of those in a file.
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

    /// Asks for a token.
    ///
    /// # Errors
    /// When the team domain refuses, or does not answer.
    pub async fn ask(&self, application: &str) -> Result<Asked, TokenError> {
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
        let asked: Asked = serde_json::from_slice(&body).map_err(|_| self.foreign())?;
        let page = format!("{}/", self.origin);
        // What is printed must neither lead elsewhere nor steer the terminal.
        let addresses = [&asked.verification_uri, &asked.verification_uri_complete];
        let own = addresses.iter().all(|uri| uri.starts_with(&page))
            && addresses
                .into_iter()
                .chain([&asked.user_code])
                .all(|text| is_plain(text));
        if own { Ok(asked) } else { Err(self.foreign()) }
    }

    /// Looks whether there is an answer.
    ///
    /// # Errors
    /// When there is, and it is no token.
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
            let made: Made = serde_json::from_slice(&body).map_err(|_| self.foreign())?;
            return if is_plain(&made.access_token) {
                Ok(Polled::Made(made))
            } else {
                Err(self.foreign())
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
        serde_json::from_slice(body).map_err(|_| self.foreign())
    }

    fn refused(&self, refusal: &Refusal) -> TokenError {
        let text = if refusal.error_description.is_empty() {
            &refusal.error
        } else {
            &refusal.error_description
        };
        // What a terminal would take for commands stays out.
        let shown = text.chars().filter(|c| !c.is_control()).collect();
        TokenError::Refused(shown)
    }

    fn foreign(&self) -> TokenError {
        TokenError::NotATeamDomain(self.origin.to_string())
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_domain_is_reached_over_tls_or_on_this_machine() {
        for good in [
            "https://team.example.com",
            "https://team.example.com/",
            "https://team.localhost:8443",
            "http://localhost:8081",
            "http://127.0.0.1:8081",
        ] {
            assert!(team_domain(good).is_ok(), "{good}");
        }
        for bad in [
            "http://team.example.com",
            "http://localhost.example.com",
            "team.example.com",
            "https://team.example.com/device",
            "https://user@team.example.com",
        ] {
            assert!(team_domain(bad).is_err(), "{bad}");
        }
    }
}
