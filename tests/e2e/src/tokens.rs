//! Tokens as a thief, or a curious user, sees them.

use anyhow::{Context, Result};
use portcullis::protocol::base64url;
use portcullis_demo::browser::Browser;
use portcullis_demo::browser::jar::Cookie;
use portcullis_demo::deployment::TEAM_HOST;
use serde_json::Value;

use crate::Application;

/// Holds the application token.
pub const TOKEN_COOKIE: &str = "__Host-access_token";
/// Holds the binding secret.
pub const BINDING_COOKIE: &str = "__Host-access_binding";
/// Holds the global session token, on the team domain.
pub const SESSION_COOKIE: &str = "__Host-access_session";

/// The cookie with a browser's application token.
///
/// # Errors
/// When there is none.
pub fn token<'a>(browser: &'a Browser, application: &Application) -> Result<&'a Cookie> {
    let cookie = browser.jar.find(&application.host, TOKEN_COOKIE);
    cookie.context("no application token")
}

/// The cookie with a browser's binding secret.
///
/// # Errors
/// When there is none.
pub fn binding<'a>(browser: &'a Browser, application: &Application) -> Result<&'a Cookie> {
    let cookie = browser.jar.find(&application.host, BINDING_COOKIE);
    cookie.context("no binding cookie")
}

/// The cookie with a browser's global session token.
///
/// # Errors
/// When there is none.
pub fn session(browser: &Browser) -> Result<&Cookie> {
    let cookie = browser.jar.find(TEAM_HOST, SESSION_COOKIE);
    cookie.context("no global session token")
}

/// Header and claims of a token, unverified.
///
/// # Errors
/// When it is no JWT.
pub fn unverified(token: &str) -> Result<(Value, Value)> {
    let mut parts = token.split('.').map(|part| {
        let bytes = base64url::decode(part.as_bytes()).context("not base64url")?;
        Ok(serde_json::from_slice(&bytes)?)
    });
    let mut next = || -> Result<Value> { parts.next().context("too few parts")? };
    Ok((next()?, next()?))
}
