//! The first step: where a request is going, by its host and path.

use std::net::IpAddr;
use std::rc::Rc;

use super::hop_by_hop::names_protected;
use crate::application::authority::Authority;
use crate::application::path::Readings;
use crate::application::{ApplicationTable, Choice, Placement};
use crate::config::UnknownHosts;
use crate::feed::Store;
use crate::protocol::login::FILTER_PREFIX;
use crate::reply::Reply;
use crate::reply::page::MessagePage;
use crate::request::Head;
use crate::request::kind::RequestKind;

/// Where a request is going.
pub(super) enum Route<'a> {
    /// To a host that no application has, where the configuration lets those pass.
    Unguarded,
    /// Nowhere.
    Nowhere(NoRoute),
    /// To the filter's own endpoints.
    Endpoint(Authority<'a>),
    /// To an application, at its hostname with a dot at the end.
    FinalDot(Rc<Placement>),
    /// To an application, by a path that needs no session.
    Bypassed,
    /// To an application.
    Application(Rc<Placement>),
}

/// Why a request goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoute {
    HostInvalid,
    UnknownHost,
    ConnectionInvalid,
    PathAmbiguous,
    EscapedSlash,
    NoApplication,
}

/// Where a request is going, by the applications that the feed names. `address` is the client's,
/// asked only where it matters.
pub(super) fn route<'a>(
    table: &ApplicationTable,
    unknown_hosts: UnknownHosts,
    head: Head<'a>,
    address: &dyn Fn() -> Option<IpAddr>,
) -> Route<'a> {
    // A host that cannot be read here may still be a guarded one to Envoy's router, so it never
    // passes.
    let Some(authority) = head.only(":authority").and_then(Authority::parse) else {
        return Route::Nowhere(NoRoute::HostInvalid);
    };
    let Some(host) = table.host(&authority) else {
        return match unknown_hosts {
            UnknownHosts::Pass => Route::Unguarded,
            UnknownHosts::Deny => Route::Nowhere(NoRoute::UnknownHost),
        };
    };
    if names_protected(head) {
        return Route::Nowhere(NoRoute::ConnectionInvalid);
    }
    let Some(path) = Readings::of(head.path()) else {
        return Route::Nowhere(NoRoute::PathAmbiguous);
    };
    let own = FILTER_PREFIX.as_bytes();
    if path.sent().starts_with(own) || path.decoded().starts_with(own) {
        return Route::Endpoint(authority);
    }
    if authority.has_final_dot {
        return match host.guarded().next() {
            Some(place) => Route::FinalDot(Rc::clone(place)),
            None => Route::Nowhere(NoRoute::NoApplication),
        };
    }
    match host.find(&path) {
        Choice::Ambiguous => Route::Nowhere(NoRoute::PathAmbiguous),
        Choice::NoApplication => Route::Nowhere(NoRoute::NoApplication),
        Choice::Found(placement)
            if placement
                .application
                .bypasses(&path, head.method(), address) =>
        {
            Route::Bypassed
        }
        Choice::Found(placement) if path.has_escaped_slash() && !placement.escaped_slashes => {
            Route::Nowhere(NoRoute::EscapedSlash)
        }
        Choice::Found(placement) => Route::Application(placement),
    }
}

/// The applications on a host, which share the filter's endpoints there.
pub(super) fn places_on(store: Option<&Store>, authority: &Authority<'_>) -> Vec<Rc<Placement>> {
    let host = store.and_then(|store| store.table().host(authority));
    host.map_or_else(Vec::new, |host| host.guarded().cloned().collect())
}

impl NoRoute {
    /// The answer to such a request.
    pub fn reply(self, kind: RequestKind) -> Reply {
        let (status, reason) = self.status_and_reason();
        let title = match status {
            403 => "No application here",
            _ if self == Self::ConnectionInvalid => "This request does not work",
            _ => "This address does not work",
        };
        let page = MessagePage::new(title, &self.sentences());
        let page = match self {
            Self::PathAmbiguous | Self::EscapedSlash => page.link("/", "Open the start page"),
            Self::HostInvalid
            | Self::UnknownHost
            | Self::ConnectionInvalid
            | Self::NoApplication => page,
        };
        page.error(kind, status, reason)
    }

    fn status_and_reason(self) -> (u16, &'static str) {
        match self {
            Self::HostInvalid => (400, "host_invalid"),
            Self::UnknownHost => (403, "unknown_host"),
            Self::ConnectionInvalid => (400, "connection_invalid"),
            Self::PathAmbiguous => (400, "path_ambiguous"),
            Self::EscapedSlash => (400, "path_escaped_slash"),
            Self::NoApplication => (403, "no_application"),
        }
    }

    fn sentences(self) -> [&'static str; 2] {
        match self {
            Self::HostInvalid => [
                "The hostname in it cannot be read.",
                "Check the address for typing errors.",
            ],
            Self::UnknownHost => [
                "No application is registered under this hostname.",
                "Check the address, or ask the person who gave it to you.",
            ],
            Self::ConnectionInvalid => [
                "Its header “connection” names headers that must not be removed.",
                "Ask the person who runs the program that sent it.",
            ],
            Self::PathAmbiguous => [
                "Its path can be read in more than one way, so it was not sent to the application.",
                "Open the application's start page, and go on from there.",
            ],
            Self::EscapedSlash => [
                "Its path has an escaped slash or backslash (%2F or %5C), which this application does not take.",
                "Open the application's start page, and go on from there.",
            ],
            Self::NoApplication => [
                "There are applications under this hostname, but none under this path or port.",
                "Check the address, or ask the person who gave it to you.",
            ],
        }
    }
}
