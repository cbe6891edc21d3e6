//! HTTP/2 (RFC 9113), one header field at a time: cookie crumbs, repeated names, gRPC.

mod held;

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::body::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderName, HeaderValue, Uri};
use rustls::pki_types::ServerName;
use tokio::net::TcpSocket;
use tokio::runtime::Builder;
use tokio_rustls::TlsConnector;

use crate::connection::{Answer, tls};
use crate::request::{Door, Request};
pub use held::Held;

/// Sends all requests at once over one connection; each has an answer or a failure of its own.
pub(crate) fn send(door: &Door<'_>, requests: &[Request]) -> Result<Vec<Result<Answer>>> {
    send_from(Ipv4Addr::LOCALHOST, door, requests)
}

/// As [`send`], from an address of this machine.
pub(crate) fn send_from(
    address: Ipv4Addr,
    door: &Door<'_>,
    requests: &[Request],
) -> Result<Vec<Result<Answer>>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(exchange(address, door, requests))
}

async fn exchange(
    address: Ipv4Addr,
    door: &Door<'_>,
    requests: &[Request],
) -> Result<Vec<Result<Answer>>> {
    let mut client = connect_from(address, door).await?;
    let mut waiting = Vec::new();
    for request in requests {
        client = client.ready().await?;
        let bare = request.body.is_empty();
        let (answer, mut body) = client.send_request(head(door, request)?, bare)?;
        if !bare {
            body.send_data(request.body.clone().into(), true)?;
        }
        waiting.push(answer);
    }
    let mut answers = Vec::new();
    for answer in waiting {
        answers.push(read(answer).await);
    }
    Ok(answers)
}

/// A connection that ends with the runtime.
async fn connect(door: &Door<'_>) -> Result<SendRequest<Bytes>> {
    connect_from(Ipv4Addr::LOCALHOST, door).await
}

async fn connect_from(address: Ipv4Addr, door: &Door<'_>) -> Result<SendRequest<Bytes>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((address, 0).into())?;
    let port = (Ipv4Addr::LOCALHOST, door.port).into();
    let socket = socket.connect(port).await?;
    socket.set_nodelay(true)?;
    let connector = TlsConnector::from(Arc::new(tls(door.certificates, b"h2")?));
    let name = ServerName::try_from(door.host.to_owned())?;
    let stream = connector.connect(name, socket).await?;
    let (client, connection) = h2::client::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn head(door: &Door<'_>, request: &Request) -> Result<http::Request<()>> {
    let uri = Uri::builder()
        .scheme("https")
        .authority(door.authority)
        .path_and_query(request.target.as_slice())
        .build()
        .context("no HTTP/2 client sends this path")?;
    let mut head = http::Request::builder()
        .method(request.method.as_str())
        .uri(uri)
        .body(())?;
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes())?;
        head.headers_mut()
            .append(name, HeaderValue::from_bytes(value)?);
    }
    Ok(head)
}

async fn read(answer: ResponseFuture) -> Result<Answer> {
    let (head, mut stream) = answer.await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data?;
        stream.flow_control().release_capacity(data.len())?;
        body.extend(data);
    }
    Ok(Answer {
        status: head.status.as_u16(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect(),
        body,
    })
}
