//! The way of a request, in three steps: [`route`](super::route) says where it is going,
//! [`authenticate`](super::authenticate) whose session it has, and [`forward`](super::forward) or
//! [`respond`](super::respond) what becomes of it.

use super::Filter;
use super::authenticate::presented::Presented;
use super::authenticate::{AuthError, Session, Unavailable};
use super::control_answer::ControlAnswer;
use super::effect::{CallAnswer, Effect, ResponseChanges};
use super::endpoints::is_readiness_probe;
use super::event::{Incoming, Moment, Visit};
use super::final_dot::without_final_dot;
use super::forward::{admitted, anonymous, reported, unguarded};
use super::open_streams::too_many;
use super::overrides::Overrides;
use super::pending::{Pending, Wait};
use super::preflight::preflight;
use super::readers::{readable, readable_by, reader};
use super::refresh::{self, NotHeld};
use super::respond::{unauthenticated, unavailable};
use super::route::{Route, route};
use super::service::shown::shown_pair;
use super::shared_calls::recent::InVain;
use crate::config::Mode;
use crate::feed::Store;
use crate::reason::Refusal;
use crate::request::Head;
use crate::request::kind::RequestKind;
use crate::time::UnixMillis;

impl Filter {
    /// The effect on a request: route, authenticate, respond.
    pub(super) fn serve(
        &mut self,
        incoming: Incoming<'_>,
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Effect {
        let Incoming { head, kind, .. } = incoming.as_shown();
        if is_readiness_probe(head) {
            return Effect::Reply(self.ready(moment.now));
        }
        // A dry run holds no request.
        let (wait, is_dry_run) = match self.config.mode() {
            Mode::Enforce => (wait, false),
            Mode::Report => (Wait::Session, true),
        };
        let table = self.authenticator.store().map(Store::table);
        let unknown_hosts = self.config.unknown_hosts();
        let route = table.map(|table| route(table, unknown_hosts, head, moment.address));
        let mut overrides = Overrides::Unguarded;
        let effect = match &route {
            None => self.without_feed(incoming, moment.now, wait),
            Some(Route::Endpoint(authority)) => {
                return self.endpoint(incoming, authority, moment, wait);
            }
            Some(Route::FinalDot(place)) => Effect::Reply(without_final_dot(incoming, place)),
            Some(Route::Unguarded) => Effect::Continue(unguarded(head)),
            Some(Route::Nowhere(why)) => Effect::Reply(why.reply(kind)),
            Some(Route::Bypassed) => Effect::Continue(anonymous(head)),
            Some(Route::Application(placement)) => {
                overrides = Overrides::Guarded(placement);
                let visit = incoming.to(placement);
                match shown_pair(head) {
                    _ if kind == RequestKind::Preflight => preflight(head, placement),
                    Some(shown) => self.visit_by_service(visit, shown, moment, wait),
                    None => self.visit(visit, moment, wait),
                }
            }
        };
        if is_dry_run {
            reported(head, overrides, effect)
        } else {
            effect
        }
    }

    /// The effect on a request, with a reply that listed origins can read. Of a request that waits,
    /// the reader is remembered, unless it waits for the feed, which may change who is listed.
    pub(super) fn readable(&mut self, stream: u32, head: Head<'_>, effect: Effect) -> Effect {
        let store = self.authenticator.store();
        if let Effect::AwaitRoot | Effect::Call(_) = effect
            && let Some(reader) = reader(store, head)
        {
            self.pending.set_reader(stream, reader);
            return effect;
        }
        readable(store, head, effect)
    }

    /// The effect on a request that has waited, with a reply that `reader` can read. If it waits
    /// again, the reader is remembered further.
    pub(super) fn still_readable(
        &mut self,
        stream: u32,
        reader: Option<String>,
        effect: Effect,
    ) -> Effect {
        match (reader, effect) {
            (Some(reader), effect @ (Effect::Pause | Effect::AwaitRoot | Effect::Call(_))) => {
                self.pending.set_reader(stream, reader);
                effect
            }
            (reader, effect) => readable_by(reader, effect),
        }
    }

    /// The effect on a request to an application.
    fn visit(&mut self, visit: Visit<'_>, moment: &mut Moment<'_>, wait: Wait) -> Effect {
        let error = match self.authenticator.authenticate(visit, moment) {
            Ok(session) => {
                return self.forward(visit, &session, ResponseChanges::default(), moment);
            }
            Err(error) => error,
        };
        let error = match error {
            AuthError::Refused(Refusal::KeyUnknown) => {
                if let Some(effect) = self.wait_for_key(visit, moment.now, wait) {
                    return effect;
                }
                error
            }
            AuthError::Refused(refusal) => match self.refresh(visit, refusal, moment) {
                Ok(effect) => return effect,
                Err(error) => error,
            },
            AuthError::Unavailable(_) => error,
        };
        let authenticator = &mut self.authenticator;
        Effect::Reply(unauthenticated(authenticator, visit, error, moment))
    }

    /// Forwards a request with a good session, if there is room for one more.
    pub(super) fn forward(
        &mut self,
        visit: Visit<'_>,
        session: &Session,
        response: ResponseChanges,
        moment: &Moment<'_>,
    ) -> Effect {
        if self.config.mode() == Mode::Enforce
            && self.open_streams.add(visit, session, moment).is_err()
        {
            return Effect::Reply(too_many(visit.incoming.as_shown().kind));
        }
        let Visit {
            incoming,
            placement,
        } = visit;
        Effect::Continue(admitted(incoming.head, placement, session, response))
    }

    /// A request before the first feed.
    fn without_feed(&mut self, incoming: Incoming<'_>, now: UnixMillis, wait: Wait) -> Effect {
        let held = match wait {
            Wait::Anything => self.pending.wait_for_feed(incoming, None, now),
            Wait::Session | Wait::Pair(_) => None,
        };
        held.unwrap_or_else(|| {
            let kind = incoming.as_shown().kind;
            Effect::Reply(unavailable(kind, Unavailable::NotReady))
        })
    }

    /// Holds a request whose token names a key that the feed may be about to bring.
    fn wait_for_key(&mut self, visit: Visit<'_>, now: UnixMillis, wait: Wait) -> Option<Effect> {
        let kids = Presented::to(visit.placement, visit.incoming.head).unverified_kids();
        if wait != Wait::Anything {
            self.unknown_keys.remember(kids);
            return None;
        }
        let version = self.authenticator.version();
        let may_come = self.unknown_keys.may_come(&kids);
        may_come.then(|| self.pending.wait_for_feed(visit.incoming, version, now))?
    }

    /// Holds a request with a bad session until the session has been refreshed.
    ///
    /// # Errors
    /// Why it gets no session, where it is not held.
    pub(super) fn refresh(
        &mut self,
        visit: Visit<'_>,
        refusal: Refusal,
        moment: &mut Moment<'_>,
    ) -> Result<Effect, AuthError> {
        if self.config.mode() == Mode::Report || !refresh::can_help(visit.incoming.kind, refusal) {
            return Err(refusal.into());
        }
        let held = refresh::hold(
            &mut self.refreshes,
            &mut self.authenticator,
            &mut self.pending,
            visit,
            moment,
        );
        held.map_err(|not_held| {
            let (counted, error) = match not_held {
                NotHeld::Impossible => return refusal.into(),
                NotHeld::InVain(InVain::Refused(before)) => ("remembered", before.into()),
                NotHeld::InVain(InVain::NoAnswer(_)) => {
                    ("remembered", Unavailable::NoAnswer.into())
                }
                NotHeld::NoRoom => ("crowded", Unavailable::NoAnswer.into()),
            };
            self.counters.count("refresh", counted);
            error
        })
    }

    /// The effect on a request whose wait has ended, with the answer of its call or without.
    pub(super) fn resume(
        &mut self,
        stream: u32,
        pending: Pending,
        answer: CallAnswer<'_>,
        moment: &mut Moment<'_>,
    ) -> Effect {
        match pending {
            Pending::Feed(waiting) => {
                let fields = waiting.head.fields();
                let head = Head::new(&fields, waiting.head.has_body());
                let effect = self.serve(Incoming::new(stream, head), moment, Wait::Session);
                self.readable(stream, head, effect)
            }
            Pending::Refresh(waiting) => self.resume_refreshed(stream, &waiting, moment),
            Pending::Service(waiting) => {
                let fields = waiting.head.fields();
                let head = Head::new(&fields, waiting.head.has_body());
                self.serve(Incoming::new(stream, head), moment, waiting.then)
            }
            Pending::Exchange(exchange) => {
                let answer = self.heard(ControlAnswer::json(answer));
                Effect::Reply(exchange.answered(answer, &mut self.authenticator, moment))
            }
            Pending::Burn(burn) => {
                let answer = self.heard(ControlAnswer::json_or_nothing(answer));
                Effect::Reply(burn.answered(answer))
            }
            Pending::Logout(logout) => {
                let answer = self.heard(ControlAnswer::without_body(answer));
                Effect::Reply(logout.answered(&answer))
            }
        }
    }
}
