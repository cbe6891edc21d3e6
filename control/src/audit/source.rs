//! Where a request came from, as far as it says so.

use std::net::IpAddr;

use axum::http::HeaderMap;

const REQUEST_ID: &str = "x-request-id";
const LONGEST_REQUEST_ID: usize = 64;
/// How many characters of a request's id a reference has.
pub const REFERENCE: usize = 10;

/// Where a request came from. Only the address is more than the client's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The client's address; `None` for the control socket, and for what filters ask.
    pub address: Option<IpAddr>,
    /// The start of `user-agent`, in visible ASCII.
    pub user_agent: String,
    /// `x-request-id`, which Envoy sets, if it is short and in visible ASCII.
    pub request_id: String,
}

/// The id that a request has; empty if it has none.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(REQUEST_ID).map(|value| value.as_bytes());
    let is_plain = |id: &&[u8]| {
        id.len() <= LONGEST_REQUEST_ID && id.iter().all(|byte| byte.is_ascii_graphic())
    };
    let id = id.filter(is_plain).unwrap_or_default();
    String::from_utf8_lossy(id).into_owned()
}

/// By which a request is found again, in the log and the audit log: the start of its id. `None` if it has
/// none.
#[must_use]
pub fn reference(headers: &HeaderMap) -> Option<String> {
    // It is ASCII.
    let reference: String = request_id(headers).chars().take(REFERENCE).collect();
    (!reference.is_empty()).then_some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_short_and_plain() {
        let id = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, value.parse().unwrap());
            request_id(&headers)
        };
        assert_eq!(id("2f9c-11"), "2f9c-11");
        assert_eq!(id("two words"), "");
        assert_eq!(id(&"x".repeat(65)), "");
        assert_eq!(request_id(&HeaderMap::new()), "");
    }
}
