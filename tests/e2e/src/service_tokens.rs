//! Service tokens, and applications whose policies admit them.

use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::request::Request;
use crate::{Application, ApplicationSettings, Stand};

/// A service token, as `service-token new` shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct ServiceToken {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What a program sends.
    pub client_id: String,
    /// And this.
    pub client_secret: String,
}

impl ServiceToken {
    /// A new one.
    ///
    /// # Errors
    /// When the control service refuses.
    pub fn make(stand: &Stand) -> Result<Self> {
        let name = format!("program{}", stand.unique_path().replace('/', "-"));
        stand
            .deployment
            .control
            .command(&["service-token", "new", &name])
    }

    /// `sub` of its tokens.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("service:{}", self.id)
    }

    /// The rule that admits it.
    #[must_use]
    pub fn rule(&self) -> Value {
        let include = [json!({ "service_token": self.name })];
        json!({ "id": self.name, "action": "service", "include": include })
    }

    /// Its lines in a request, with their ends.
    #[must_use]
    pub fn lines(&self) -> String {
        let (id, secret) = (&self.client_id, &self.client_secret);
        format!("X-Access-Client-Id: {id}\r\nX-Access-Client-Secret: {secret}\r\n")
    }

    /// The request with both headers.
    #[must_use]
    pub fn shown_in(&self, request: Request) -> Request {
        request
            .with("x-access-client-id", &self.client_id)
            .with("x-access-client-secret", &self.client_secret)
    }

    /// `service-token rotate`: with a new secret.
    ///
    /// # Errors
    /// When the control service refuses.
    pub fn rotated(&self, stand: &Stand) -> Result<Self> {
        let rotate = ["service-token", "rotate", &self.name, "--grace", "1h"];
        stand.deployment.control.command(&rotate)
    }

    /// `service-token disable`, `enable` or `delete`.
    ///
    /// # Errors
    /// When the control service refuses.
    pub fn change(&self, stand: &Stand, how: &str) -> Result<Value> {
        let change = ["service-token", how, &self.name];
        stand.deployment.control.command(&change)
    }
}

/// An application that admits nobody but a service token.
///
/// # Errors
/// As [`Stand::application`].
pub fn application_for(stand: &Stand, token: &ServiceToken) -> Result<Application> {
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        ..ApplicationSettings::default()
    })?;
    let rules = json!([token.rule()]);
    stand
        .deployment
        .control
        .set_policy(&application.name, &rules)?;
    Ok(application)
}
