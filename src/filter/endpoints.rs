//! What the filter answers itself, under `/.access/` of every application's hostname. Nothing
//! under this prefix reaches an origin.

pub(super) mod identity;
mod logout;
pub(super) mod signed_out;

use std::rc::Rc;

use super::Filter;
use super::effect::Effect;
use super::event::{Incoming, Moment};
use super::login::callback::callback;
use super::login::login;
use super::route::{NoRoute, places_on};
use crate::application::Placement;
use crate::application::authority::Authority;
use crate::application::path::{Readings, is_below};
use crate::protocol::return_to;
use crate::reply::Reply;
use crate::reply::page::MessagePage;
use crate::reply::script;
use crate::request::kind::RequestKind;
use crate::request::query_parameter;

impl Filter {
    /// Answers a request to one of the filter's own paths.
    pub(super) fn endpoint(
        &mut self,
        incoming: Incoming<'_>,
        authority: &Authority<'_>,
        moment: &mut Moment<'_>,
    ) -> Effect {
        let Incoming { head, kind, .. } = incoming;
        let places = places_on(self.authenticator.store(), authority);
        let Some(first) = places.first() else {
            return Effect::Reply(NoRoute::NoApplication.reply(kind));
        };
        match (head.method(), head.path()) {
            (b"GET", b"/.access/login") => {
                let return_to = query_parameter(head.query(), "return_to").unwrap_or_default();
                let return_to = return_to::sanitize(&return_to);
                let visit = incoming.to(place_of(&places, &return_to).unwrap_or(first));
                let team_domain = self.authenticator.team_domain();
                Effect::Reply(login(team_domain, visit, &return_to, moment))
            }
            (b"GET", b"/.access/callback") => callback(
                &mut self.authenticator,
                &mut self.pending,
                incoming,
                &places,
                moment,
            ),
            (b"GET", b"/.access/logout") => {
                let reply = logout::ask(&mut self.authenticator, head, &places, moment);
                Effect::Reply(reply)
            }
            (b"POST", b"/.access/logout") => logout::logout(
                &mut self.authenticator,
                &mut self.pending,
                incoming,
                &places,
                moment,
            ),
            (b"GET", b"/.access/identity") => self.identity(incoming, &places, moment),
            (b"GET", b"/.access/portcullis.js") => Effect::Reply(script::reply(head)),
            _ => Effect::Reply(not_found(kind)),
        }
    }
}

/// The application that a path on the host belongs to.
fn place_of<'a>(places: &'a [Rc<Placement>], return_to: &str) -> Option<&'a Rc<Placement>> {
    let path = return_to.split(['?', '#']).next().unwrap_or_default();
    let path = Readings::of(path)?;
    places
        .iter()
        .find(|place| is_below(path.sent(), place.location.path_prefix.as_bytes()))
}

fn not_found(kind: RequestKind) -> Reply {
    let page = MessagePage::new(
        "Page not found",
        &["Addresses under /.access/ belong to the sign-in, and it has no page of this name."],
    )
    .link("/", "Open the application");
    page.error(kind, 404, "endpoint_unknown")
}
