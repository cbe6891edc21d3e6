//! Calls the running service: HTTP over the Unix socket in its data directory, or the admin API of its team
//! domain from another machine.

use std::path::{Path, PathBuf};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use portcullis::protocol::origin::Origin;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::client_error::ClientError;
use super::remote::{Answer, Remote};
use crate::api::command_error::ErrorBody;
use crate::api::list::{HIGHEST_LIMIT, Items, ListPage};
use crate::server::data_dir::CONTROL_SOCKET;

/// The client of one command.
pub struct Client {
    service: Place,
}

/// Where the service is.
enum Place {
    /// On this machine, with this socket.
    Here(PathBuf),
    /// On another one.
    Elsewhere(Box<Remote>),
}

impl Client {
    /// A client of the service with this data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self {
            service: Place::Here(data_dir.join(CONTROL_SOCKET)),
        }
    }

    /// A client of the service with this team domain.
    pub fn remote(team_domain: &Origin) -> Result<Self, ClientError> {
        let remote = Remote::new(team_domain)?;
        Ok(Self {
            service: Place::Elsewhere(Box::new(remote)),
        })
    }

    /// `GET path`.
    pub async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, ClientError> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    /// All items of a list, page by page, with filters of its query.
    pub async fn all<T: DeserializeOwned>(
        &self,
        path: &str,
        filters: &[(&str, &str)],
    ) -> Result<Items<T>, ClientError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("limit", &HIGHEST_LIMIT.to_string())
                .extend_pairs(filters)
                .extend_pairs(cursor.iter().map(|cursor| ("cursor", cursor)))
                .finish();
            let page: ListPage<T> = self.get(&format!("{path}?{query}")).await?;
            items.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(Items { items });
            }
        }
    }

    /// `POST path`.
    pub async fn post<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| self.broken(&error))?;
        self.call(Method::POST, path, body.into()).await
    }

    /// `PUT path`.
    pub async fn put<A: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<A, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| self.broken(&error))?;
        self.call(Method::PUT, path, body.into()).await
    }

    /// `DELETE path`.
    pub async fn delete<A: DeserializeOwned>(&self, path: &str) -> Result<A, ClientError> {
        self.call(Method::DELETE, path, Bytes::new()).await
    }

    async fn call<A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<A, ClientError> {
        let (status, body) = match &self.service {
            Place::Here(socket) => over_socket(socket, method, path, body).await?,
            Place::Elsewhere(remote) => remote.call(method, path, &body).await?,
        };
        if status.is_success() {
            serde_json::from_slice(&body).map_err(|error| self.broken(&error))
        } else {
            Err(ClientError::Refused(refusal(&body)))
        }
    }

    fn broken(&self, reason: &impl ToString) -> ClientError {
        match &self.service {
            Place::Here(socket) => broken(socket, reason),
            Place::Elsewhere(remote) => remote.not_a_team_domain(),
        }
    }
}

async fn over_socket(
    socket: &Path,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Answer, ClientError> {
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|source| ClientError::NotRunning {
        socket: socket.to_owned(),
        source,
    })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(socket, &error))?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "control")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .map_err(|error| broken(socket, &error))?;
    let response = sender.send_request(request).await;
    let response = response.map_err(|error| broken(socket, &error))?;
    let status = response.status();
    let body = response.into_body().collect().await;
    let body = body.map_err(|error| broken(socket, &error))?.to_bytes();
    Ok((status, body))
}

fn broken(socket: &Path, reason: &impl ToString) -> ClientError {
    ClientError::Broken {
        socket: socket.to_owned(),
        reason: reason.to_string(),
    }
}

fn refusal(body: &[u8]) -> ErrorBody {
    serde_json::from_slice(body).unwrap_or_else(|_| ErrorBody {
        error: String::from_utf8_lossy(body).into_owned(),
        reason: "no_valid_response".to_owned(),
        problems: Vec::new(),
    })
}
