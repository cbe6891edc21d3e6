//! What a request presents: tokens in cookies and headers, and binding cookies. Nothing here has
//! been verified.

use crate::application::Placement;
use crate::names::TOKEN_HEADER;
use crate::request::{Head, cookies};
use crate::session::token::{UnverifiedToken, claims_to_be_ours};
use crate::session::{Candidate, Source};

/// How many times a binding cookie is compared with a token, for all tokens and binding cookies of
/// a request together.
const MAX_COMPARISONS: usize = 4096;

/// What a request presents to an application.
pub(in crate::filter) struct Presented<'a> {
    /// Every token, those in cookies first.
    pub tokens: Vec<Candidate<'a>>,
    /// The values of the binding cookie.
    pub bindings: Vec<&'a [u8]>,
}

impl<'a> Presented<'a> {
    /// What a request brings for the application at a place.
    pub fn to(placement: &Placement, head: Head<'a>) -> Self {
        let names = &placement.cookies;
        let [tokens, mut bindings] = cookies::values_of(head, [&names.token, &names.binding]);
        let from = |source| move |token| Candidate { token, source };
        let mut tokens: Vec<_> = tokens.into_iter().map(from(Source::Cookie)).collect();
        if placement.application.header_tokens {
            let in_headers = head.all(TOKEN_HEADER).chain(bearer_tokens(head)).take(3);
            tokens.extend(in_headers.map(from(Source::Header)));
        }
        bindings.truncate(MAX_COMPARISONS / tokens.len().max(1));
        Self { tokens, bindings }
    }

    /// The key ids that the tokens name.
    pub fn unverified_kids(&self) -> Vec<String> {
        self.tokens
            .iter()
            .filter_map(|candidate| UnverifiedToken::parse(candidate.token))
            .map(|token| token.unverified_kid)
            .collect()
    }
}

/// Bearer tokens that claim to be application tokens (RFC 6750, section 2.1).
pub(in crate::filter) fn bearer_tokens(head: Head<'_>) -> impl Iterator<Item = &[u8]> {
    bearer_values(head).filter(|token| claims_to_be_ours(token))
}

/// Whether a request carries a token the way scripts send one, whosever it is and whether or not
/// the application takes it. No browser does so when it opens a page.
pub(in crate::filter) fn shows_header_token(head: Head<'_>) -> bool {
    head.has(TOKEN_HEADER) || bearer_values(head).next().is_some()
}

/// What follows the scheme; nothing, if a script's variable was empty.
fn bearer_values(head: Head<'_>) -> impl Iterator<Item = &[u8]> {
    head.all("authorization").filter_map(|value| {
        let (scheme, token) = value.split_at_checked(6)?;
        let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && matches!(token, [] | [b' ', ..]);
        is_bearer.then(|| token.trim_ascii())
    })
}
