//! The headers by which an origin learns who sent a request.
//!
//! One table says what is set for a good session and what no client may send: a header cannot be
//! set without being stripped.

use crate::names::{TOKEN_HEADER, folds_into};
use crate::protocol::service_token::{CLIENT_ID_HEADER, CLIENT_SECRET_HEADER};
use crate::session::Verified;

/// A header that tells the origin about the session.
pub(super) struct IdentityHeader {
    /// Its name.
    pub name: &'static str,
    /// Its value; `None`: the session sets no such header. It is kept with the session, so nothing is
    /// allocated for a request.
    pub value: fn(&Verified) -> Option<&str>,
    /// The filter state that shows the value in Envoy's access log; `None` for secrets.
    pub filter_state: Option<&'static str>,
}

/// Every header that is set. To add one, add its row.
pub(super) static IDENTITY_HEADERS: [IdentityHeader; 5] = [
    IdentityHeader {
        name: "x-access-jwt-assertion",
        value: |verified| Some(verified.token()),
        filter_state: None,
    },
    IdentityHeader {
        name: "x-access-user-email",
        value: Verified::email,
        filter_state: Some("access.user_email"),
    },
    IdentityHeader {
        name: "x-access-user-id",
        value: |verified| Some(verified.id()),
        filter_state: Some("access.user_id"),
    },
    IdentityHeader {
        name: "x-access-user-groups",
        value: Verified::groups,
        filter_state: None,
    },
    IdentityHeader {
        name: "x-access-user-groups-truncated",
        value: |verified| verified.groups_truncated(),
        filter_state: None,
    },
];

/// Headers that are stripped and never set.
const RESERVED_ONLY: [&str; 3] = [TOKEN_HEADER, CLIENT_ID_HEADER, CLIENT_SECRET_HEADER];

/// Whether a header of the client must not reach the origin, in any spelling of its name.
pub(super) fn is_reserved(name: &[u8]) -> bool {
    let set = IDENTITY_HEADERS.iter().map(|header| header.name);
    set.chain(RESERVED_ONLY)
        .any(|reserved| folds_into(name, reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_headers_in_every_spelling() {
        for header in &IDENTITY_HEADERS {
            assert!(is_reserved(header.name.as_bytes()), "{}", header.name);
        }
        for name in [
            "x-access-token",
            "X-Access-User-Id",
            "x_access_jwt_assertion",
            "x-access_token",
            "x.access.user.email",
            "x-access-client-id",
            "X_Access_Client_Secret",
            "X_Access.User-Groups",
            "x-access-user-groups_truncated",
        ] {
            assert!(is_reserved(name.as_bytes()), "{name}");
        }
        for name in ["x-access-user-emails", "x-access", "y-access-token"] {
            assert!(!is_reserved(name.as_bytes()), "{name}");
        }
    }
}
