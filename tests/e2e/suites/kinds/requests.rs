//! Requests, and the kind that each is of. The first number is the row of the decisions' table
//! of kinds that the request shows.

use portcullis_e2e::request::Request;

/// What sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Navigation,
    Framed,
    FormPost,
    SubRequest,
    WebSocket,
    Grpc,
    /// gRPC in a spelling of `content-type` that Envoy does not take for it.
    GrpcByStatus,
    Preflight,
    Prefetch,
}

use Kind::{
    FormPost, Framed, Grpc, GrpcByStatus, Navigation, Prefetch, Preflight, SubRequest, WebSocket,
};

/// A row, a method, header fields, and the kind.
pub type Row = (
    u8,
    &'static str,
    &'static [(&'static str, &'static str)],
    Kind,
);

#[rustfmt::skip] // One row a line.
pub const ROWS: [Row; 59] = [
    (1, "GET", &[("upgrade", "websocket"), ("connection", "Upgrade")], WebSocket),
    (1, "GET", &[("upgrade", "WebSocket"), ("connection", "keep-alive, Upgrade")], WebSocket),
    (1, "GET", &[("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-fetch-mode", "websocket"), ("sec-fetch-dest", "empty")], WebSocket),
    (1, "GET", &[("upgrade", "websocket"), ("connection", "Upgrade"), ("x-requested-with", "XMLHttpRequest")], WebSocket),
    (1, "GET", &[("upgrade", "websocket"), ("connection", "Upgrade"), ("accept", "text/html")], WebSocket),
    (2, "POST", &[("content-type", "application/grpc"), ("te", "trailers")], Grpc),
    (2, "POST", &[("content-type", "application/grpc+proto"), ("te", "trailers")], Grpc),
    (2, "POST", &[("content-type", "Application/gRPC")], GrpcByStatus),
    (2, "POST", &[("content-type", "application/grpc;charset=utf-8")], GrpcByStatus),
    (2, "POST", &[("content-type", "application/grpc"), ("accept", "text/html")], Grpc),
    (2, "POST", &[("content-type", "application/grpc-web")], SubRequest),
    (2, "POST", &[("content-type", "application/grpc-web+proto"), ("x-grpc-web", "1")], SubRequest),
    (2, "POST", &[("content-type", "application/grpcx")], SubRequest),
    (3, "OPTIONS", &[("origin", "https://spa.example"), ("access-control-request-method", "PUT")], Preflight),
    (3, "OPTIONS", &[("origin", "null"), ("access-control-request-method", "GET"), ("sec-fetch-mode", "cors")], Preflight),
    (3, "OPTIONS", &[("origin", "https://spa.example")], SubRequest),
    (3, "OPTIONS", &[("access-control-request-method", "PUT")], SubRequest),
    (3, "GET", &[("origin", "https://spa.example"), ("access-control-request-method", "PUT")], SubRequest),
    (4, "GET", &[("sec-purpose", "prefetch"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], Prefetch),
    (4, "GET", &[("sec-purpose", "prefetch;prerender"), ("sec-fetch-mode", "navigate")], Prefetch),
    (4, "GET", &[("purpose", "prefetch"), ("accept", "text/html")], Prefetch),
    (4, "GET", &[("sec-purpose", "Prefetch; anonymous-client-ip")], Prefetch),
    (4, "GET", &[("purpose", "prefetch"), ("x-requested-with", "XMLHttpRequest")], Prefetch),
    (5, "GET", &[("x-requested-with", "XMLHttpRequest")], SubRequest),
    (5, "GET", &[("x-requested-with", "xmlhttprequest"), ("accept", "text/html")], SubRequest),
    (5, "POST", &[("x-requested-with", "XMLHTTPREQUEST"), ("sec-fetch-mode", "navigate")], SubRequest),
    (5, "GET", &[("x-requested-with", "com.example.app"), ("accept", "text/html")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "none")], Navigation),
    (6, "HEAD", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "empty")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("accept", "*/*")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"), ("sec-fetch-site", "same-origin")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")], Navigation),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"), ("sec-fetch-site", "cross-site")], Framed),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "frame"), ("sec-fetch-site", "cross-site")], Framed),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "embed"), ("sec-fetch-site", "cross-site")], Framed),
    (6, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "object"), ("sec-fetch-site", "cross-site")], Framed),
    (7, "POST", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], FormPost),
    (7, "POST", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"), ("sec-fetch-site", "cross-site")], FormPost),
    (7, "PUT", &[("sec-fetch-mode", "navigate")], FormPost),
    (8, "GET", &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")], SubRequest),
    (8, "GET", &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image"), ("accept", "text/html")], SubRequest),
    (8, "GET", &[("sec-fetch-mode", "same-origin"), ("accept", "text/html")], SubRequest),
    (8, "GET", &[("sec-fetch-mode", "something-new"), ("accept", "text/html")], SubRequest),
    (8, "GET", &[("sec-fetch-mode", "Navigate"), ("accept", "text/html")], SubRequest),
    (8, "GET", &[("sec-fetch-mode", "navigate"), ("sec-fetch-mode", "navigate"), ("accept", "text/html")], SubRequest),
    (8, "GET", &[("sec-fetch-dest", "document"), ("accept", "text/html")], SubRequest),
    (8, "GET", &[("sec-fetch-dest", "manifest")], SubRequest),
    (9, "GET", &[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")], Navigation),
    (9, "GET", &[("accept", "image/png, TEXT/HTML ;q=0.1")], Navigation),
    (9, "HEAD", &[("accept", "text/html")], Navigation),
    (9, "POST", &[("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")], FormPost),
    (9, "GET", &[("accept", "text/*, */*")], SubRequest),
    (9, "GET", &[("accept", "text/htmlx, application/xhtml+xml")], SubRequest),
    (10, "GET", &[], SubRequest),
    (10, "GET", &[("accept", "*/*")], SubRequest),
    (10, "POST", &[("content-type", "application/json")], SubRequest),
    (10, "DELETE", &[("accept", "application/json")], SubRequest),
];

/// The request of a row, for a path.
pub fn request((_, method, headers, _): Row, path: &str) -> Request {
    let request = Request::new(method, path);
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| request.with(name, value));
    match method {
        "POST" | "PUT" => Request {
            body: b"a=1".to_vec(),
            ..request
        },
        _ => request,
    }
}

/// A row in words.
pub fn described((_, method, headers, _): Row) -> String {
    let fields: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    format!("{method} {}", fields.join(", "))
}
