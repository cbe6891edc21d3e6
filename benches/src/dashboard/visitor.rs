//! An administrator's browser on one connection.

use anyhow::{Context, Result, ensure};
use portcullis_demo::control::User;

use crate::wire::{Answer, Connection};

const FORM: &str =
    "Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n";

/// A browser in which somebody is signed in.
pub(super) struct Visitor {
    connection: Connection,
    host: String,
    cookies: String,
}

impl Visitor {
    /// Signs in at the team domain, which has this authority.
    pub fn signed_in(connection: Connection, host: &str, user: &User) -> Result<Self> {
        let mut visitor = Self {
            connection,
            host: host.to_owned(),
            cookies: String::new(),
        };
        // Neither has characters that a form escapes, but for this one.
        let email = user.email.replace('@', "%40");
        let form = format!("email={email}&password={}&csrf_token=none", user.password);
        let answer = visitor.send("/login", &form)?;
        let set = answer.headers("set-cookie");
        let pairs: Vec<&str> = set.filter_map(|set| set.split(';').next()).collect();
        visitor.cookies = pairs.join("; ");
        ensure!(
            visitor.cookies.contains("__Host-access_session="),
            "no session began, but {}",
            answer.status
        );
        Ok(visitor)
    }

    /// The request for a page.
    pub fn request(&self, path: &str) -> String {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
            self.host, self.cookies
        )
    }

    /// Opens a page.
    pub fn open(&mut self, path: &str) -> Result<(Answer, String)> {
        let request = self.request(path);
        self.connection.read(&request)
    }

    /// Sends a form.
    pub fn send(&mut self, path: &str, form: &str) -> Result<Answer> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n{FORM}Content-Length: {}\r\n\r\n{form}",
            self.host,
            self.cookies,
            form.len()
        );
        self.connection.ask(&request)
    }
}

/// The value of a hidden field of a page.
pub(super) fn hidden<'a>(page: &'a str, name: &str) -> Result<&'a str> {
    let before = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .split_once(&before)
        .with_context(|| format!("the page has no {name}"))?;
    Ok(rest.split('"').next().unwrap_or_default())
}
