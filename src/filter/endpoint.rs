//! What the filter answers itself, under `/.access/` of every application's hostname.

use std::rc::Rc;

use super::effect::Effect;
use super::judge::Bad;
use super::silent::{self, Asker};
use super::{Filter, Incoming, Moment, unavailable};
use crate::application::Placement;
use crate::application::authority::Authority;
use crate::application::path::{Readings, is_below};
use crate::protocol::return_to;
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::page::Page;
use crate::reply::refusal::{self, Context};
use crate::reply::script;
use crate::request::kind::RequestKind;
use crate::request::{Head, query_parameter};
use crate::session::Verified;

impl Filter {
    /// Answers one of the filter's own paths. Nothing under the prefix reaches an origin.
    pub(super) fn endpoint(
        &mut self,
        incoming: Incoming<'_>,
        authority: &Authority<'_>,
        moment: &mut Moment<'_>,
    ) -> Effect {
        let Incoming { head, kind, .. } = incoming;
        let places = self.places(authority);
        let Some(first) = places.first() else {
            return Effect::Reply(not_found(kind));
        };
        match (head.method(), head.path()) {
            (b"GET", b"/.access/login") => {
                let return_to = query_parameter(head.query(), "return_to").unwrap_or_default();
                let return_to = return_to::sanitize(&return_to);
                let place = place_of(&places, return_to).unwrap_or(first);
                Effect::Reply(self.login(incoming, place, return_to, moment))
            }
            (b"GET", b"/.access/callback") => self.callback(incoming, &places, moment),
            (b"GET", b"/.access/logout") => Effect::Reply(super::logout::ask()),
            (b"POST", b"/.access/logout") => self.logout(incoming, &places, moment),
            (b"GET", b"/.access/identity") => self.identity(incoming, &places, moment),
            (b"GET", b"/.access/portcullis.js") => Effect::Reply(script::reply(head)),
            _ => Effect::Reply(not_found(kind)),
        }
    }

    /// `GET /.access/login`.
    fn login(
        &self,
        Incoming { head, kind, .. }: Incoming<'_>,
        place: &Placement,
        return_to: &str,
        moment: &mut Moment<'_>,
    ) -> Reply {
        if !is_page_load(head, kind) {
            return self.no_session(head, place, kind);
        }
        match silent::asked_by(head) {
            None => self.begin_login(head, place, ("login", return_to), moment),
            Some(Asker::OwnFrame) => self.begin_silently(head, place, return_to, moment),
            Some(Asker::AnotherFrame) => {
                self.no_session(head, place, RequestKind::FramedNavigation)
            }
        }
    }

    /// What a request gets that asks for a login where none can be shown.
    fn no_session(&self, head: Head<'_>, place: &Placement, kind: RequestKind) -> Reply {
        let context = Context {
            team_domain: &self.issuer,
            login_url: &super::guard::login_url(place),
            cors_origins: &place.application.cors_origins,
            head,
        };
        refusal::refuse(Refusal::NoSession, kind, context)
    }

    pub(super) fn places(&self, authority: &Authority<'_>) -> Vec<Rc<Placement>> {
        let store = self.feed.store();
        let host = store.and_then(|store| store.table().host(authority));
        host.map_or_else(Vec::new, |host| host.guarded().cloned().collect())
    }

    /// Who the caller is, for which application, until when.
    fn identity(
        &mut self,
        incoming: Incoming<'_>,
        places: &[Rc<Placement>],
        moment: &mut Moment<'_>,
    ) -> Effect {
        // Whoever asks.
        let kind = RequestKind::SubRequest;
        let incoming = Incoming { kind, ..incoming };
        let mut bad = Bad::Refused(Refusal::NoSession);
        let mut refused = Vec::new();
        for place in places {
            match self.judge(place, incoming, moment) {
                Ok(session) => return Effect::Reply(identity_of(place, &session.verified)),
                Err(error) => {
                    if let Bad::Refused(refusal) = error {
                        refused.push((place, refusal));
                    }
                    bad = error;
                }
            }
        }
        for (place, refusal) in refused {
            if let Ok(effect) = self.refresh(incoming, place, refusal, moment) {
                return effect;
            }
        }
        Effect::Reply(match (bad, places.first()) {
            (Bad::Refused(refusal), Some(place)) => refusal::refuse(
                refusal,
                kind,
                Context {
                    team_domain: &self.issuer,
                    login_url: &super::guard::login_url(place),
                    cors_origins: &place.application.cors_origins,
                    head: incoming.head,
                },
            ),
            (Bad::Stale, _) => unavailable(kind, "stale"),
            _ => unavailable(kind, "not_ready"),
        })
    }
}

/// Who the caller is, by a good session.
pub(super) fn identity_of(place: &Placement, verified: &Verified) -> Reply {
    let claims = verified.claims();
    let value = serde_json::json!({
        "email": claims.email,
        "sub": claims.sub,
        "application": place.application.name,
        "audience": place.application.audience,
        "exp": claims.exp,
        "session_exp": claims.session_exp,
    });
    Reply::json(200, "identity", &value)
}

/// Whether a person is to see the answer. Else any page could use up the browser's attempts.
fn is_page_load(head: Head<'_>, kind: RequestKind) -> bool {
    match kind {
        RequestKind::Navigation => true,
        // A client that sends no Fetch Metadata, and asks for nothing in particular.
        RequestKind::SubRequest => {
            !head.has("sec-fetch-mode")
                && !head.has("sec-fetch-dest")
                && !head.has("x-requested-with")
        }
        _ => false,
    }
}

/// The application that a path on the host belongs to.
fn place_of<'a>(places: &'a [Rc<Placement>], return_to: &str) -> Option<&'a Rc<Placement>> {
    let path = return_to.split('?').next().unwrap_or_default();
    let path = Readings::of(path)?;
    places
        .iter()
        .find(|place| is_below(path.sent(), place.location.path_prefix.as_bytes()))
}

fn not_found(kind: RequestKind) -> Reply {
    let page = Page::new("Nothing here", &["This address has no page."]);
    Reply::error(kind, 404, "endpoint_unknown", &page)
}
