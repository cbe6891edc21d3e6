//! A browser that signs in again and again, and the filter that exchanges its codes.

use anyhow::{Context, Result, ensure};
use portcullis::protocol::calls::PREFIX;
use portcullis::protocol::login::{LOGIN_PATH, challenge};
use portcullis_demo::control::User;
use serde_json::json;

use super::scene::{ORIGIN, PROVIDER, Scene, TEAM_DOMAIN};
use super::{Way, provider};
use crate::wire::{Answer, Connection};

const SESSION_COOKIE: &str = "__Host-access_session";
/// Of every login attempt.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const STATE: &str = "bench";

/// One browser with its connections.
pub(super) struct Browser<'a> {
    scene: &'a Scene,
    user: &'a User,
    people: Connection,
    filters: Connection,
    /// The query of the sign-in, as a filter writes it.
    query: String,
    /// The cookie of a live global session.
    session: String,
}

impl<'a> Browser<'a> {
    /// Connects, and signs in for the first time.
    pub fn ready(scene: &'a Scene, number: usize) -> Result<Self> {
        let challenge = challenge(VERIFIER);
        let mut browser = Self {
            scene,
            user: scene.users.get(number).context("no such user")?,
            people: Connection::plain(scene.people)?,
            filters: Connection::plain(scene.filters)?,
            query: format!(
                "app={}&origin={ORIGIN}&return_to=/&state={STATE}&code_challenge={challenge}",
                scene.audience
            ),
            session: String::new(),
        };
        let answer = browser.send_password()?;
        browser.session = cookies(&answer, SESSION_COOKIE);
        ensure!(!browser.session.is_empty(), "no session began");
        Ok(browser)
    }

    /// Signs in once, up to the application token.
    pub fn sign_in(&mut self, way: Way) -> Result<()> {
        let answer = match way {
            Way::Session => self.show_session(),
            Way::Provider => self.return_from_provider(),
            Way::Password => self.send_password(),
        };
        self.exchange(&answer?)
    }

    fn show_session(&mut self) -> Result<Answer> {
        let path = format!("{LOGIN_PATH}?{}", self.query);
        let session = self.session.clone();
        self.get(&path, &session)
    }

    fn return_from_provider(&mut self) -> Result<Answer> {
        let path = format!("{LOGIN_PATH}/{PROVIDER}?{}", self.query);
        let sent_there = self.get(&path, "")?;
        let state = parameter(&sent_there, "state")?;
        let person = self.user.email.split('@').next().unwrap_or_default();
        let code = provider::code(person, parameter(&sent_there, "nonce")?);
        let path = format!("/callback/{PROVIDER}?state={state}&code={code}");
        self.get(&path, &cookies(&sent_there, ""))
    }

    fn send_password(&mut self) -> Result<Answer> {
        // Neither has characters that a form escapes, but for this one.
        let email = self.user.email.replace('@', "%40");
        let body = format!(
            "email={email}&password={}&csrf_token=none",
            self.user.password
        );
        let request = format!(
            "POST {LOGIN_PATH}?{} HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.query,
            host(),
            body.len()
        );
        self.people.ask(&request)
    }

    fn get(&mut self, path: &str, cookies: &str) -> Result<Answer> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {cookies}\r\n\r\n",
            host()
        );
        self.people.ask(&request)
    }

    /// What the filter does with the code that an answer brings to the application.
    fn exchange(&mut self, answer: &Answer) -> Result<()> {
        let body = json!({
            "code": parameter(answer, "code")?,
            "code_verifier": VERIFIER,
            "origin": ORIGIN,
        });
        let body = body.to_string();
        let request = format!(
            "POST {PREFIX}exchange HTTP/1.1\r\nHost: control\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.scene.credential,
            body.len()
        );
        let status = self.filters.ask(&request)?.status;
        ensure!(status == 200, "an exchange was answered with {status}");
        Ok(())
    }
}

fn host() -> &'static str {
    TEAM_DOMAIN.trim_start_matches("https://")
}

/// A parameter of the address to which an answer redirects. None of those that are read has escapes.
fn parameter<'a>(answer: &'a Answer, name: &str) -> Result<&'a str> {
    let location = answer.header("location");
    let location = location.with_context(|| format!("no redirect but {}", answer.status))?;
    let (_, query) = location.split_once('?').unwrap_or_default();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(other, _)| *other == name);
    let (_, value) = found.with_context(|| format!("no {name} in {location}"))?;
    Ok(value)
}

/// The cookies that an answer sets whose names begin so, as a browser sends them back.
fn cookies(answer: &Answer, prefix: &str) -> String {
    let set = answer
        .headers("set-cookie")
        .filter(|set| set.starts_with(prefix));
    let pairs: Vec<&str> = set.filter_map(|set| set.split(';').next()).collect();
    pairs.join("; ")
}
