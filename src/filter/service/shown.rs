//! What a request shows of a service token. Nothing here has been verified.

use crate::protocol::service_token::{
    CLIENT_ID_HEADER, CLIENT_SECRET_HEADER, ClientPair, MalformedPair,
};
use crate::request::Head;

/// Whether a request shows a service token, or a part of one.
pub(in crate::filter) fn shows_service_token(head: Head<'_>) -> bool {
    head.has(CLIENT_ID_HEADER) || head.has(CLIENT_SECRET_HEADER)
}

/// The pair that a request shows; `None` if it shows no part of one.
///
/// # Errors
/// A part is missing, comes twice, or has the wrong form.
pub(in crate::filter) fn shown_pair(
    head: Head<'_>,
) -> Option<Result<ClientPair<'_>, MalformedPair>> {
    if !shows_service_token(head) {
        return None;
    }
    let Some(client_id) = head.only(CLIENT_ID_HEADER) else {
        return Some(Err(MalformedPair::ClientId));
    };
    let Some(secret) = head.only(CLIENT_SECRET_HEADER) else {
        return Some(Err(MalformedPair::Secret));
    };
    Some(ClientPair::parse(client_id, secret))
}
