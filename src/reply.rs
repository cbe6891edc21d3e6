//! Replies that the filter gives itself, instead of the origin.

pub mod frame;
pub mod framework;
pub(crate) mod markup;
pub mod no_access;
pub mod page;
pub mod refusal;
pub mod script;
pub mod set_cookie;

/// A reply. Its parts are called, as those of [`page`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Why: `access.<reason>` in Envoy's access log, and the name of a counter.
    pub reason: &'static str,
    /// Header fields; names may repeat.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
    /// gRPC status, which then replaces the HTTP status for gRPC clients.
    pub grpc_status: Option<u8>,
}

impl Reply {
    /// A reply without a body. It is not cached.
    #[must_use]
    #[inline(never)]
    pub fn empty(status: u16, reason: &'static str) -> Self {
        Self {
            status,
            reason,
            headers: vec![("cache-control", "no-store".to_owned())],
            body: String::new(),
            grpc_status: None,
        }
    }

    /// A redirect of a GET (RFC 9110, section 15.4.3).
    #[must_use]
    #[inline(never)]
    pub fn redirect(reason: &'static str, location: String) -> Self {
        Self::empty(302, reason).with("location", location)
    }

    /// JSON.
    #[must_use]
    #[inline(never)]
    pub fn json(status: u16, reason: &'static str, value: &serde_json::Value) -> Self {
        let mut reply = Self::empty(status, reason).with("content-type", "application/json".into());
        reply.body = value.to_string();
        reply
    }

    /// An error in JSON (RFC 9457).
    #[must_use]
    #[inline(never)]
    pub fn problem(status: u16, reason: &'static str, title: &str) -> Self {
        let value = serde_json::json!({
            "type": "about:blank", "title": title, "status": status, "reason": reason,
        });
        let mut reply =
            Self::empty(status, reason).with("content-type", "application/problem+json".to_owned());
        reply.body = value.to_string();
        reply
    }

    /// An error for a gRPC client; the statuses are those of gRPC's own mapping from HTTP.
    ///
    /// The host itself turns the HTTP status of what it recognises as gRPC into 200. It is stricter
    /// about `content-type` than clients are, and a request that it does not recognise must not be
    /// answered 200.
    #[must_use]
    #[inline(never)]
    pub fn grpc(http_status: u16, reason: &'static str) -> Self {
        let status = match http_status {
            400 => 3,
            401 => 16,
            403 => 7,
            404 => 12,
            _ => 14,
        };
        Self {
            body: reason.to_owned(),
            grpc_status: Some(status),
            ..Self::empty(http_status, reason)
        }
    }

    /// With one more header field.
    #[must_use]
    #[inline(never)]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
#[must_use]
pub fn percent_encode(bytes: &[u8]) -> String {
    encode_unless(bytes, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
    })
}

/// Percent-encodes what no header field can hold: everything but visible ASCII.
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    encode_unless(bytes, |b| b.is_ascii_graphic())
}

/// Percent-encodes what a header field cannot hold: everything but visible ASCII, and `%`.
#[must_use]
pub fn header_text(text: &str) -> String {
    encode_unless(text.as_bytes(), |b| b.is_ascii_graphic() && b != b'%')
}

/// A list in one header field: each text as [`header_text`], with its commas percent-encoded too, and a
/// comma between them. Empty for an empty list.
#[must_use]
pub fn header_list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| header_list_text(text)).collect();
    texts.join(",")
}

/// One text of a [`header_list`].
#[must_use]
pub fn header_list_text(text: &str) -> String {
    encode_unless(text.as_bytes(), |b| {
        b.is_ascii_graphic() && b != b'%' && b != b','
    })
}

#[inline(never)]
fn encode_unless(bytes: &[u8], keep: fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if keep(*byte) {
            encoded.push(char::from(*byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_visible_ascii_leaves() {
        assert_eq!(header_text("ana+x@example.com"), "ana+x@example.com");
        assert_eq!(
            header_text("jos\u{e9} 100%\r\n"),
            "jos%C3%A9%20100%25%0D%0A"
        );
        assert_eq!(percent_encode(b"/a?b=c&d\xff"), "%2Fa%3Fb%3Dc%26d%FF");
        assert_eq!(visible(b"/a?b=%20\xff \r"), "/a?b=%20%FF%20%0D");
    }
}
