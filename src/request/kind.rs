//! The kind of a request decides how a request without a good session is answered. The first check
//! that matches gives the kind.
//!
//! Kinds come from Fetch Metadata where the browser sends it, since `accept` is `*/*` for both a
//! `fetch()` and many navigations.

use super::Head;
use super::framework::Framework;

/// What sent the request, as far as it matters for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// A page load: can be redirected.
    Navigation,
    /// A page load inside a frame of another site.
    FramedNavigation,
    /// A form that a person sent: must not be lost silently.
    FormPost,
    /// A request of a page or a program: must not be redirected.
    SubRequest,
    /// A WebSocket or another tunnel.
    WebSocket,
    /// A gRPC call.
    Grpc,
    /// A CORS preflight.
    Preflight,
    /// Speculative: the page may never be shown.
    Prefetch,
}

impl RequestKind {
    /// Whether it loads a page, framed or not.
    #[must_use]
    pub fn navigates(self) -> bool {
        matches!(self, Self::Navigation | Self::FramedNavigation)
    }

    /// Whether such a request is meant to last.
    #[must_use]
    pub fn lasts(self) -> bool {
        matches!(self, Self::WebSocket | Self::Grpc)
    }

    /// Whether a session is refreshed inside such a request.
    #[must_use]
    pub fn is_refreshed(self) -> bool {
        !matches!(self, Self::Preflight | Self::Prefetch)
    }

    /// The kind of a request.
    #[must_use]
    pub fn of(head: Head<'_>) -> Self {
        if is_websocket(head) {
            return Self::WebSocket;
        }
        if is_grpc(head) {
            return Self::Grpc;
        }
        if is_preflight(head) {
            return Self::Preflight;
        }
        if is_prefetch(head) {
            return Self::Prefetch;
        }
        let by_script = head.says("x-requested-with", b"xmlhttprequest");
        if by_script || Framework::of(head).is_some() {
            return Self::SubRequest;
        }
        by_fetch_metadata(head).unwrap_or_else(|| by_accept(head))
    }
}

/// RFC 6455, and RFC 8441 for the extended CONNECT.
fn is_websocket(head: Head<'_>) -> bool {
    head.method() == b"CONNECT" || has_token(head, "upgrade", b"websocket")
}

fn is_grpc(head: Head<'_>) -> bool {
    head.all("content-type").any(|value| {
        strip_prefix_ignoring_case(value, b"application/grpc")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}

fn is_preflight(head: Head<'_>) -> bool {
    head.method() == b"OPTIONS" && head.has("origin") && head.has("access-control-request-method")
}

fn is_prefetch(head: Head<'_>) -> bool {
    let says = |name| {
        head.all(name).any(|value| {
            value
                .windows(b"prefetch".len())
                .any(|window| window.eq_ignore_ascii_case(b"prefetch"))
        })
    };
    says("sec-purpose") || says("purpose")
}

fn by_fetch_metadata(head: Head<'_>) -> Option<RequestKind> {
    if !head.has("sec-fetch-mode") {
        return head
            .has("sec-fetch-dest")
            .then_some(RequestKind::SubRequest);
    }
    if head.only("sec-fetch-mode") != Some(b"navigate") {
        return Some(RequestKind::SubRequest);
    }
    Some(match (head.is_safe(), is_framed(head)) {
        (true, true) => RequestKind::FramedNavigation,
        (true, false) => RequestKind::Navigation,
        (false, _) => RequestKind::FormPost,
    })
}

fn is_framed(head: Head<'_>) -> bool {
    head.is_in_frame() && head.says("sec-fetch-site", b"cross-site")
}

fn by_accept(head: Head<'_>) -> RequestKind {
    if !head.all("accept").any(names_html) {
        RequestKind::SubRequest
    } else if head.is_safe() {
        RequestKind::Navigation
    } else {
        RequestKind::FormPost
    }
}

/// Whether an `accept` value names `text/html` itself, not by a wildcard.
fn names_html(accept: &[u8]) -> bool {
    accept.split(|b| *b == b',').any(|range| {
        let media_type = range.split(|b| *b == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"text/html")
    })
}

fn has_token(head: Head<'_>, name: &'static str, lower: &[u8]) -> bool {
    head.all(name).any(|value| {
        value
            .split(|b| *b == b',')
            .any(|token| token.trim_ascii().eq_ignore_ascii_case(lower))
    })
}

fn strip_prefix_ignoring_case<'a>(value: &'a [u8], lower: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = value.split_at_checked(lower.len())?;
    start.eq_ignore_ascii_case(lower).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::with_head;

    type Row = (
        &'static str,
        &'static [(&'static str, &'static str)],
        RequestKind,
    );

    /// Method, further fields, kind: the rows of the table, then the corners between them.
    const ROWS: &[Row] = &[
        (
            "GET",
            &[("upgrade", "websocket"), ("sec-fetch-mode", "websocket")],
            RequestKind::WebSocket,
        ),
        (
            "GET",
            &[("upgrade", "h2c, WebSocket")],
            RequestKind::WebSocket,
        ),
        (
            "CONNECT",
            &[(":protocol", "websocket")],
            RequestKind::WebSocket,
        ),
        (
            "POST",
            &[("content-type", "application/grpc")],
            RequestKind::Grpc,
        ),
        (
            "POST",
            &[("content-type", "application/grpc+proto")],
            RequestKind::Grpc,
        ),
        (
            "POST",
            &[("content-type", "Application/GRPC;x=y")],
            RequestKind::Grpc,
        ),
        (
            "POST",
            &[("content-type", "application/grpc-web+proto")],
            RequestKind::SubRequest,
        ),
        (
            "OPTIONS",
            &[
                ("origin", "https://a.example"),
                ("access-control-request-method", "PUT"),
            ],
            RequestKind::Preflight,
        ),
        (
            "OPTIONS",
            &[("origin", "https://a.example")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[
                ("sec-purpose", "prefetch;prerender"),
                ("sec-fetch-mode", "navigate"),
            ],
            RequestKind::Prefetch,
        ),
        ("GET", &[("purpose", "Prefetch")], RequestKind::Prefetch),
        (
            "GET",
            &[
                ("x-requested-with", "XMLHttpRequest"),
                ("accept", "text/html"),
            ],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[
                ("x-requested-with", "xmlhttprequest"),
                ("sec-fetch-mode", "navigate"),
            ],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("hx-request", "true"), ("accept", "text/html")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("turbo-frame", "messages"), ("accept", "text/html")],
            RequestKind::SubRequest,
        ),
        (
            "POST",
            &[("x-turbo-request-id", "1"), ("accept", "text/html")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("x-inertia", "true"), ("purpose", "prefetch")],
            RequestKind::Prefetch,
        ),
        (
            "GET",
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            RequestKind::Navigation,
        ),
        (
            "HEAD",
            &[("sec-fetch-mode", "navigate")],
            RequestKind::Navigation,
        ),
        (
            "GET",
            &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "empty")],
            RequestKind::Navigation,
        ),
        (
            "GET",
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
                ("sec-fetch-site", "cross-site"),
            ],
            RequestKind::FramedNavigation,
        ),
        (
            "GET",
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
                ("sec-fetch-site", "same-origin"),
            ],
            RequestKind::Navigation,
        ),
        (
            "POST",
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            RequestKind::FormPost,
        ),
        (
            "GET",
            &[("sec-fetch-mode", "cors"), ("accept", "text/html")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-mode", "navigate"),
            ],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("sec-fetch-mode", "NAVIGATE")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("sec-fetch-dest", "document"), ("accept", "text/html")],
            RequestKind::SubRequest,
        ),
        (
            "GET",
            &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")],
            RequestKind::Navigation,
        ),
        (
            "POST",
            &[("accept", "application/json, text/html;q=0.9")],
            RequestKind::FormPost,
        ),
        ("GET", &[("accept", "*/*")], RequestKind::SubRequest),
        ("GET", &[("accept", "text/*")], RequestKind::SubRequest),
        (
            "GET",
            &[("accept", "text/html-sandboxed")],
            RequestKind::SubRequest,
        ),
        ("GET", &[], RequestKind::SubRequest),
        (
            "DELETE",
            &[("accept", "application/json")],
            RequestKind::SubRequest,
        ),
    ];

    #[test]
    fn the_first_row_that_fits_is_the_kind() {
        for (method, fields, kind) in ROWS {
            let mut all = vec![(":method", *method)];
            all.extend(*fields);
            assert_eq!(
                with_head(&all, RequestKind::of),
                *kind,
                "{method} {fields:?}"
            );
        }
    }
}
