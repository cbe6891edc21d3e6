//! What the verifier is asked: which token is presented, and what must hold for it.

use std::net::IpAddr;

use super::keys::Keys;
use super::revocations::Revocations;
use crate::application::Application;
use crate::time::UnixSeconds;

/// What is believed: by whom tokens are issued, and which sessions have ended.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// The team domain's origin.
    pub issuer: &'a str,
    /// The keys in force.
    pub keys: &'a Keys,
    /// The revocations in force.
    pub revocations: &'a Revocations,
}

/// What a request must satisfy.
#[derive(Clone, Copy)]
pub struct Demand<'a> {
    /// The application that the request is for.
    pub application: &'a Application,
    /// When the request is judged.
    pub now: UnixSeconds,
    /// Values of the binding cookie, as sent.
    pub bindings: &'a [&'a [u8]],
    /// The client's address.
    pub address: Option<IpAddr>,
    /// Whether the request is a navigation, framed or not.
    pub navigates: bool,
}

/// A token as it was presented.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its text.
    pub token: &'a [u8],
    /// Where it came from.
    pub source: Source,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The application's token cookie.
    Cookie,
    /// A header, at an application that takes tokens there.
    Header,
    /// The control service, for the service token that a request shows.
    ServiceToken,
}

/// What a session is judged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To let a request through.
    Use,
    /// To let a request that was let through continue.
    Continue,
    /// To get a new token.
    Refresh,
    /// To end the session.
    End,
}
