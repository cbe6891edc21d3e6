//! What the filter answers itself, under `/.access/` of every application's hostname. Nothing
//! under this prefix reaches an origin.

pub(super) mod came_from;
pub(super) mod identity;
mod logout;
mod ready;
pub(super) mod signed_out;

use super::Filter;
use super::effect::Effect;
use super::event::{Incoming, Moment};
use super::final_dot::without_final_dot;
use super::login::begin::too_long;
use super::login::callback::callback;
use super::login::{framed, login};
use super::pending::Wait;
use super::route::{NoRoute, places_on};
use super::service::shown::shows_service_token;
use crate::application::authority::Authority;
use crate::protocol::return_to::{self, Unfit};
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::MessagePage;
use crate::reply::refusal::refuse_service;
use crate::reply::script;
use crate::request::kind::RequestKind;
use crate::request::{Head, query_parameter};
use came_from::{came_from, place_of};

/// What is answered here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Login,
    Callback,
    AskToLogOut,
    LogOut,
    Identity,
    Script,
    Ready,
}

/// Every method and path that is answered here. HEAD is answered as GET; the host leaves the body
/// out (RFC 9110, section 9.3.2).
pub(super) const ENDPOINTS: [(&str, &str, Endpoint); 7] = [
    ("GET", "/.access/login", Endpoint::Login),
    ("GET", "/.access/callback", Endpoint::Callback),
    ("GET", "/.access/logout", Endpoint::AskToLogOut),
    ("POST", "/.access/logout", Endpoint::LogOut),
    ("GET", "/.access/identity", Endpoint::Identity),
    ("GET", "/.access/portcullis.js", Endpoint::Script),
    ("GET", "/.access/ready", Endpoint::Ready),
];

impl Endpoint {
    /// Whether it is a step of a person's sign-in or sign-out, which no program has.
    fn is_for_people(self) -> bool {
        match self {
            Self::Login | Self::Callback | Self::AskToLogOut | Self::LogOut => true,
            Self::Identity | Self::Script | Self::Ready => false,
        }
    }
}

/// Whether a request asks if the filter is ready, which it may on every host.
pub(super) fn is_readiness_probe(head: Head<'_>) -> bool {
    find(head) == Some(Endpoint::Ready)
}

fn find(head: Head<'_>) -> Option<Endpoint> {
    let method = match head.method() {
        b"HEAD" => b"GET",
        method => method,
    };
    let of_request = |(on, path, _): &&(&str, &str, _)| {
        on.as_bytes() == method && path.as_bytes() == head.path()
    };
    let found = ENDPOINTS.iter().find(of_request);
    found.map(|(_, _, endpoint)| *endpoint)
}

impl Filter {
    /// Answers a request to one of the filter's own paths.
    pub(super) fn endpoint(
        &mut self,
        incoming: Incoming<'_>,
        authority: &Authority<'_>,
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Effect {
        let Incoming { head, kind, .. } = incoming.as_shown();
        let places = places_on(self.authenticator.store(), authority);
        let Some(first) = places.first() else {
            return Effect::Reply(NoRoute::NoApplication.reply(kind));
        };
        if authority.has_final_dot {
            return Effect::Reply(without_final_dot(incoming, first));
        }
        let Some(endpoint) = find(head) else {
            return Effect::Reply(not_found(kind));
        };
        if endpoint.is_for_people() && shows_service_token(head) {
            let team_domain = self.authenticator.team_domain();
            return Effect::Reply(refuse_service(Refusal::TokenNotForHere, kind, team_domain));
        }
        match endpoint {
            Endpoint::Login => {
                let return_to = query_parameter(head.query(), "return_to").unwrap_or_default();
                // Without a prompt the browser stays where it is.
                let leads_back = query_parameter(head.query(), "prompt").is_none();
                if leads_back && return_to::judge(&return_to) == Err(Unfit::TooLong) {
                    return Effect::Reply(too_long(first, kind));
                }
                let return_to = return_to::sanitize(&return_to);
                let visit = incoming.to(place_of(&places, &return_to).unwrap_or(first));
                let team_domain = self.authenticator.team_domain();
                Effect::Reply(login(team_domain, visit, &return_to, moment))
            }
            Endpoint::Callback => {
                let incoming = incoming.as_shown();
                let team_domain = self.authenticator.team_domain();
                match framed::answer(team_domain, incoming, &places, moment) {
                    Some(reply) => Effect::Reply(reply),
                    None => callback(
                        &mut self.authenticator,
                        &mut self.pending,
                        incoming,
                        &places,
                        moment,
                    ),
                }
            }
            Endpoint::AskToLogOut => {
                let page = came_from(head, &places);
                let authenticator = &mut self.authenticator;
                let reply = logout::ask(authenticator, head, &places, page.as_deref(), moment);
                Effect::Reply(reply)
            }
            Endpoint::LogOut => logout::logout(
                &mut self.authenticator,
                &mut self.pending,
                incoming,
                &places,
                moment,
            ),
            Endpoint::Identity => self.identity(incoming, &places, moment, wait),
            Endpoint::Script => Effect::Reply(script::reply(head)),
            Endpoint::Ready => Effect::Reply(self.ready(moment.now)),
        }
    }
}

fn not_found(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Page not found",
        &["Addresses under /.access/ belong to the sign-in, and it has no page of this name."],
    )
    .link("/", "Open the application");
    page.error(kind, 404, "endpoint_unknown")
}
