//! Calls a service on another machine: the admin API on the team domain, with an admin token from the
//! environment.

mod translation;

use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{Method, StatusCode};
use portcullis::protocol::origin::Origin;
use reqwest::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client_error::{ClientError, TOKEN_VARIABLE};
use super::token::error::TokenError;
use super::token::transport::{self, unreachable};
use crate::administration::coverage::CoverageView;
use crate::api::PATH;
use crate::api::list::HIGHEST_LIMIT;
use crate::tokens::secret::Plain;
use translation::{Call, OfUser, Wait};

/// How long one call waits for proxies, in seconds.
const LONGEST_WAIT: u64 = 10;
/// No answer of the service is longer.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// A service on another machine.
pub struct Remote {
    client: Client,
    origin: Origin,
    token: Plain,
}

/// The answer of a call.
pub type Answer = (StatusCode, Bytes);

#[derive(Deserialize)]
struct Page {
    items: Vec<Value>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
}

impl Remote {
    /// The service with this team domain.
    pub fn new(origin: &Origin) -> Result<Self, ClientError> {
        let token = std::env::var(TOKEN_VARIABLE).unwrap_or_default();
        let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain {
            return Err(ClientError::NoToken);
        }
        Ok(Self {
            client: transport::client(origin, None)?,
            origin: origin.clone(),
            token: Plain::new(token),
        })
    }

    /// A call of the control socket, as the admin API takes it.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<Answer, ClientError> {
        match translation::of(&method, path, body).ok_or(ClientError::OnlyThere)? {
            Call::One(method, path, body) => self.send(method, &path, &body).await,
            Call::AllPages(path) => self.all_pages(&path).await,
            Call::OfUser(of) => self.of_user(of).await,
            Call::Wait(wait) => self.wait(&wait).await,
        }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Answer, ClientError> {
        let is_put = method == Method::PUT;
        let of_application = path.starts_with("/applications/");
        if is_put && !of_application {
            // It replaces what is there, or makes it, as over the control socket.
            let replaced = self.once(method.clone(), path, body, true).await?;
            if replaced.0 != StatusCode::NOT_FOUND {
                return Ok(replaced);
            }
        }
        self.once(method, path, body, !is_put).await
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        exists: bool,
    ) -> Result<Answer, ClientError> {
        let expected = if exists { IF_MATCH } else { IF_NONE_MATCH };
        let url = format!("{}{PATH}{path}", self.origin);
        let mut request = self.client.request(method.clone(), url);
        if !body.is_null() {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        if method == Method::PUT || method == Method::PATCH {
            request = request.header(expected, "*");
        }
        let response = request.bearer_auth(self.token.reveal()).send().await;
        let response = response.map_err(|error| unreachable(&self.origin, &error))?;
        let status = response.status();
        Ok((status, self.read(response).await?))
    }

    async fn read(&self, mut response: Response) -> Result<Bytes, ClientError> {
        let mut body = Vec::new();
        let broken = |error| unreachable(&self.origin, &error);
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_RESPONSE_BYTES {
                return Err(self.not_a_team_domain());
            }
        }
        Ok(body.into())
    }

    /// All items of a list.
    async fn all_pages(&self, path: &str) -> Result<Answer, ClientError> {
        let mut items = Vec::new();
        let mut next = None;
        loop {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("limit", &HIGHEST_LIMIT.to_string())
                .extend_pairs(next.iter().map(|next| ("cursor", next)))
                .finish();
            let path = format!("{path}?{query}");
            let (status, body) = self.send(Method::GET, &path, &Value::Null).await?;
            if !status.is_success() {
                return Ok((status, body));
            }
            let page: Page = self.parsed(&body)?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                let all = json!({ "items": items }).to_string();
                return Ok((StatusCode::OK, all.into()));
            }
        }
    }

    /// A call about the user with an address or an id.
    async fn of_user(&self, of: OfUser) -> Result<Answer, ClientError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("user", &of.named)
            .finish();
        let path = format!("/users?{query}");
        let (status, body) = self.send(Method::GET, &path, &Value::Null).await?;
        if !status.is_success() {
            return Ok((status, body));
        }
        let page: Page = self.parsed(&body)?;
        let found: Vec<Found> =
            serde_json::from_value(page.items.into()).map_err(|_| self.not_a_team_domain())?;
        match found.as_slice() {
            [user] => {
                self.send(
                    of.method,
                    &format!("/users/{}{}", user.id, of.call),
                    &of.body,
                )
                .await
            }
            [] => Err(ClientError::refused(
                "not_found",
                "no user has this e-mail address or id; `user list` shows all users",
            )),
            _ => Err(ClientError::refused(
                "several_users",
                "several users have this e-mail address: name one by id, as `user list` shows it",
            )),
        }
    }

    /// Waits for proxies, as long as is asked for.
    async fn wait(&self, wait: &Wait) -> Result<Answer, ClientError> {
        let end = Instant::now() + Duration::from_millis(wait.timeout_ms);
        loop {
            let left = end
                .saturating_duration_since(Instant::now())
                .as_millis()
                .div_ceil(1_000);
            let seconds = u64::try_from(left)
                .unwrap_or(LONGEST_WAIT)
                .min(LONGEST_WAIT);
            let Wait {
                version, wait_for, ..
            } = wait;
            let path = format!("/revocations/{version}?wait={seconds}&wait_for={wait_for}");
            let (status, body) = self.send(Method::GET, &path, &Value::Null).await?;
            if !status.is_success() {
                return Ok((status, body));
            }
            let view: CoverageView = self.parsed(&body)?;
            if view.is_done() || Instant::now() >= end {
                return Ok((status, body));
            }
        }
    }

    fn parsed<T: for<'a> Deserialize<'a>>(&self, body: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|_| self.not_a_team_domain())
    }

    /// It does not answer like the admin API.
    pub fn not_a_team_domain(&self) -> ClientError {
        TokenError::NotATeamDomain(self.origin.to_string()).into()
    }
}
