//! What the origin received, told back.

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use serde::{Deserialize, Serialize};

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Name and value of every header, in order of arrival; those of one name stand together.
    /// Each byte of a value is the character of the same number (ISO 8859-1), so none is lost.
    pub headers: Vec<(String, String)>,
    /// The body's length in bytes.
    pub body_length: usize,
}

impl Echo {
    /// All values of a header.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(other, _)| other == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The one value of a header; none if it came several times.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        match self.values(name).as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// Answers with an [`Echo`].
pub(super) async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Json<Echo> {
    Json(received(&method, &uri, &headers, body.len()))
}

pub(super) fn received(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body_length: usize,
) -> Echo {
    Echo {
        method: method.to_string(),
        path: uri.to_string(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_string(), latin1(value.as_bytes())))
            .collect(),
        body_length,
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn no_byte_and_no_repetition_is_lost() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_bytes(b"a=\xff").unwrap());
        headers.append("cookie", HeaderValue::from_static("b=2"));
        let echo = received(&Method::GET, &Uri::from_static("/x?y"), &headers, 0);
        assert_eq!(echo.values("cookie"), ["a=\u{ff}", "b=2"]);
        assert_eq!(echo.value("cookie"), None);
        assert_eq!(echo.path, "/x?y");
    }
}
