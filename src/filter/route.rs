//! The first step: where a request is going, by its host and path.

use std::rc::Rc;

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
    PathAmbiguous,
    NoApplication,
}

/// Where a request is going, by the applications that the feed names.
pub(super) fn route<'a>(
    table: &ApplicationTable,
    unknown_hosts: UnknownHosts,
    head: Head<'a>,
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
    let Some(path) = Readings::of(head.path()) else {
        return Route::Nowhere(NoRoute::PathAmbiguous);
    };
    let own = FILTER_PREFIX.as_bytes();
    if path.sent().starts_with(own) || path.decoded().starts_with(own) {
        return Route::Endpoint(authority);
    }
    match host.find(&path) {
        Choice::Ambiguous => Route::Nowhere(NoRoute::PathAmbiguous),
        Choice::NoApplication => Route::Nowhere(NoRoute::NoApplication),
        Choice::Found(placement) if placement.application.bypasses(&path, head.method()) => {
            Route::Bypassed
        }
        Choice::Found(placement) => Route::Application(Rc::clone(placement)),
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
        let (status, reason, sentence) = match self {
            Self::HostInvalid => (400, "host_invalid", "The hostname cannot be read."),
            Self::UnknownHost => (403, "unknown_host", "No application has this hostname."),
            Self::PathAmbiguous => (
                400,
                "path_ambiguous",
                "The address can be read in more than one way.",
            ),
            Self::NoApplication => (403, "no_application", "No application has this address."),
        };
        let page = MessagePage::new("Nothing here", &[sentence]);
        page.error(kind, status, reason)
    }
}
