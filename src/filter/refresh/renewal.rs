//! From the control service's answer to the request going on: the new token is judged for every
//! request as if it had come with it, and the response brings the new cookies.

use std::rc::Rc;

use super::PendingRefresh;
use super::outcome::Outcome;
use crate::application::Placement;
use crate::filter::changes::admitted;
use crate::filter::effect::{Changes, Effect};
use crate::filter::endpoint::identity_of;
use crate::filter::guard::{Destination, Patience};
use crate::filter::judge::{Bad, Session, demand, trust};
use crate::filter::open_streams::{Full, full};
use crate::filter::{Filter, Incoming, Moment, unavailable};
use crate::protocol::calls::RefreshAnswer;
use crate::reason::Refusal;
use crate::reply::set_cookie;
use crate::request::kind::RequestKind;
use crate::request::{Head, cookies};
use crate::session::{Candidate, Demand, Refreshable, Source, Verified};

/// What a request waits to do.
#[derive(Clone, Copy)]
enum Goal {
    /// To go on to the origin.
    Origin,
    /// To be told by the filter who the caller is.
    Identity,
}

/// A request whose new token is good.
struct Renewed {
    session: Session,
    set_cookies: Vec<String>,
}

/// What the control service answered, for a token that a request presented.
#[derive(Clone, Copy)]
struct Renewal<'a> {
    old: &'a Refreshable,
    answer: &'a RefreshAnswer,
}

impl Filter {
    /// Drives on a request that waited for a new token.
    pub(in crate::filter) fn refreshed(
        &mut self,
        stream: u32,
        waiting: &PendingRefresh,
        moment: &mut Moment<'_>,
    ) -> Effect {
        let fields = waiting.head.fields();
        let incoming = Incoming::new(stream, Head::new(&fields, waiting.head.has_body()));
        let Some((incoming, placement, goal)) = self.waited_for(incoming, &waiting.old) else {
            // The feed has changed meanwhile what the address leads to.
            return self.decide(incoming, moment, Patience::HasWaited);
        };
        let (counted, renewed) = match waiting.refresh.outcome() {
            Some(Outcome::Renewed(answer)) => {
                let renewal = Renewal {
                    old: &waiting.old,
                    answer,
                };
                let renewed = self.renewed(incoming, &placement, renewal, moment);
                let counted = renewed.as_ref().map_or("refused", |_| "refreshed");
                (counted, renewed)
            }
            Some(Outcome::Refused(refusal)) => ("refused", Err(Bad::Refused(*refusal))),
            Some(Outcome::Failed) | None => ("failed", Err(Bad::Refused(Refusal::SessionExpired))),
        };
        self.counters.count("refresh", counted);
        match renewed {
            Ok(renewed) => self.go_on(incoming, &placement, (renewed, goal), moment),
            Err(Bad::NotReady) => Effect::Reply(unavailable(incoming.kind, "not_ready")),
            Err(Bad::Stale) => Effect::Reply(unavailable(incoming.kind, "stale")),
            Err(Bad::Refused(refusal)) => self.refuse(incoming, &placement, refusal, moment),
        }
    }

    /// What the request waited for, and at which application, as things are now.
    fn waited_for<'a>(
        &self,
        incoming: Incoming<'a>,
        old: &Refreshable,
    ) -> Option<(Incoming<'a>, Rc<Placement>, Goal)> {
        match self.destination(incoming.head)? {
            Destination::Guarded(placement) => Some((incoming, placement, Goal::Origin)),
            Destination::Own(authority) => {
                let kind = RequestKind::SubRequest;
                let mut places = self.places(&authority).into_iter();
                let place = places.find(|place| old.is_of(&place.application.audience))?;
                Some((Incoming { kind, ..incoming }, place, Goal::Identity))
            }
            Destination::Unguarded | Destination::Refused(..) | Destination::Bypassed => None,
        }
    }

    /// What a request with a new token gets.
    fn go_on(
        &mut self,
        incoming: Incoming<'_>,
        placement: &Rc<Placement>,
        (renewed, goal): (Renewed, Goal),
        moment: &Moment<'_>,
    ) -> Effect {
        match goal {
            Goal::Origin => match self.goes_on(incoming, placement, &renewed.session, moment) {
                Ok(()) => Effect::Continue(Changes {
                    set_cookies: renewed.set_cookies,
                    ..admitted(incoming.head, &renewed.session)
                }),
                Err(Full) => Effect::Reply(full(incoming.kind)),
            },
            Goal::Identity => {
                let reply = identity_of(placement, &renewed.session.verified);
                let cookies = renewed.set_cookies.into_iter();
                Effect::Reply(cookies.fold(reply, |reply, value| reply.with("set-cookie", value)))
            }
        }
    }

    /// Judges the new token as if the request had come with it.
    fn renewed(
        &mut self,
        incoming: Incoming<'_>,
        placement: &Placement,
        renewal: Renewal<'_>,
        moment: &Moment<'_>,
    ) -> Result<Renewed, Bad> {
        let trust = trust(&self.config, &self.issuer, &self.feed, moment.now)?;
        let bindings = cookies::values(incoming.head, &placement.cookies.binding);
        let demand = Demand {
            navigates: incoming.kind.navigates(),
            ..demand(placement, &bindings, moment)
        };
        let token = renewal.answer.token.as_bytes();
        let candidate = Candidate {
            token,
            source: Source::Cookie,
        };
        let verified = self.verifier.verify(trust, demand, candidate);
        let verified = verified.map_err(Bad::Refused)?;
        if !renewal.old.goes_on_in(&verified) {
            log::warn!("the control service answered a refresh with another session's token");
            return Err(Bad::Refused(Refusal::SessionExpired));
        }
        let binding = renewal.old.binding(&bindings);
        let set_cookies = set_cookies(placement, renewal.answer, (&verified, binding), moment);
        Ok(Renewed {
            session: Session {
                verified,
                address: demand.address,
            },
            set_cookies,
        })
    }
}

/// The cookies that the response brings, by the application's settings of now. The binding
/// secret stays as it was.
fn set_cookies(
    placement: &Placement,
    answer: &RefreshAnswer,
    (verified, binding): (&Verified, Option<&[u8]>),
    moment: &Moment<'_>,
) -> Vec<String> {
    let names = &placement.cookies;
    let max_age = verified
        .claims()
        .session_exp
        .duration_since(moment.seconds());
    let token = set_cookie::token(&names.token, &answer.token, answer.cookie, max_age);
    let binding = binding.map(|secret| {
        let secret = String::from_utf8_lossy(secret);
        set_cookie::binding(&names.binding, &secret, answer.cookie, max_age)
    });
    [token].into_iter().chain(binding).collect()
}
