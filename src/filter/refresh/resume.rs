//! From the control service's answer to the request that waited: the new token is judged for
//! every request as if it had come with it, and the response brings the new cookies.

use std::rc::Rc;

use super::refused::refusal;
use super::waiting::PendingRefresh;
use crate::application::Placement;
use crate::filter::Filter;
use crate::filter::authenticate::{AuthError, Authenticator, Session, Unavailable, demand};
use crate::filter::control_answer::ControlAnswer;
use crate::filter::effect::{Effect, ResponseChanges};
use crate::filter::endpoints::identity::identity_of;
use crate::filter::event::{Incoming, Moment, Visit};
use crate::filter::pending::Wait;
use crate::filter::respond::unauthenticated;
use crate::filter::route::{Route, places_on, route};
use crate::protocol::calls::RefreshAnswer;
use crate::reason::Refusal;
use crate::reply::set_cookie;
use crate::request::{Head, cookies};
use crate::session::{Demand, Refreshable};

/// What a request waited for.
struct Goal<'a> {
    incoming: Incoming<'a>,
    placement: Rc<Placement>,
    kind: GoalKind,
}

#[derive(Clone, Copy)]
enum GoalKind {
    /// To reach the origin.
    Origin,
    /// To learn from the filter who the user is.
    Identity,
}

/// A request whose new token is good.
struct Renewed {
    session: Session,
    set_cookies: Vec<String>,
}

impl Filter {
    /// Resumes a request that waited for a new token.
    pub(in crate::filter) fn resume_refreshed(
        &mut self,
        stream: u32,
        waiting: &PendingRefresh,
        moment: &mut Moment<'_>,
    ) -> Effect {
        let fields = waiting.head.fields();
        let incoming = Incoming::new(stream, Head::new(&fields, waiting.head.has_body()));
        let Some(goal) = self.goal(incoming, &waiting.old, moment) else {
            // By the feed of now the address leads elsewhere.
            return self.serve(incoming, moment, Wait::Session);
        };
        let visit = goal.incoming.to(&goal.placement);
        let (counted, renewed) = match waiting.answer() {
            Some(ControlAnswer::Done(answer)) => {
                let renewed = renew(&mut self.authenticator, visit, &waiting.old, answer, moment);
                let counted = renewed.as_ref().map_or("refused", |_| "refreshed");
                (counted, renewed)
            }
            Some(ControlAnswer::Refused(problem)) => {
                ("refused", Err(refusal(problem.reason).into()))
            }
            Some(ControlAnswer::NoAnswer(_)) | None => {
                ("failed", Err(Unavailable::NoAnswer.into()))
            }
        };
        self.counters.count("refresh", counted);
        match renewed {
            Ok(renewed) => self.reach(visit, goal.kind, renewed, moment),
            Err(error) => {
                let authenticator = &mut self.authenticator;
                Effect::Reply(unauthenticated(authenticator, visit, error, moment))
            }
        }
    }

    /// What the request waited for, and at which application, by the feed of now. `None` if the
    /// address no longer leads to an application, or to another one.
    fn goal<'a>(
        &self,
        incoming: Incoming<'a>,
        old: &Refreshable,
        moment: &Moment<'_>,
    ) -> Option<Goal<'a>> {
        let store = self.authenticator.store()?;
        let unknown_hosts = self.config.unknown_hosts();
        match route(store.table(), unknown_hosts, incoming.head, moment.address) {
            Route::Application(placement) => Some(Goal {
                incoming,
                placement,
                kind: GoalKind::Origin,
            }),
            Route::Endpoint(authority) => {
                let mut places = places_on(Some(store), &authority).into_iter();
                Some(Goal {
                    incoming: incoming.as_sub_request(),
                    placement: places.find(|place| old.is_of(&place.application.audience))?,
                    kind: GoalKind::Identity,
                })
            }
            Route::Unguarded | Route::Nowhere(_) | Route::Bypassed | Route::FinalDot(_) => None,
        }
    }

    /// What a request with a new token gets.
    fn reach(
        &mut self,
        visit: Visit<'_>,
        goal: GoalKind,
        renewed: Renewed,
        moment: &Moment<'_>,
    ) -> Effect {
        let Renewed {
            session,
            set_cookies,
        } = renewed;
        match goal {
            GoalKind::Origin => {
                self.forward(visit, &session, ResponseChanges { set_cookies }, moment)
            }
            GoalKind::Identity => {
                let reply = identity_of(visit.placement, &session.verified);
                let cookies = set_cookies.into_iter();
                Effect::Reply(cookies.fold(reply, |reply, value| reply.with("set-cookie", value)))
            }
        }
    }
}

/// Judges the new token as if the request had come with it.
fn renew(
    authenticator: &mut Authenticator,
    visit: Visit<'_>,
    old: &Refreshable,
    answer: &RefreshAnswer,
    moment: &Moment<'_>,
) -> Result<Renewed, AuthError> {
    let bindings = cookies::values(visit.incoming.head, &visit.placement.cookies.binding);
    let demand = Demand {
        navigates: visit.incoming.kind.navigates(),
        ..demand(visit.placement, &bindings, moment)
    };
    let session = authenticator.authenticate_issued(&answer.token, demand, moment.now)?;
    if !old.continues_in(&session.verified) {
        log::warn!("the control service answered a refresh with another session's token");
        return Err(AuthError::Refused(Refusal::SessionExpired));
    }
    let session_exp = session.verified.claims().session_exp;
    let names = &visit.placement.cookies;
    let max_age = session_exp.duration_since(moment.seconds());
    let token = set_cookie::token(&names.token, &answer.token, answer.cookie, max_age);
    // The binding secret stays as it was.
    let binding = old.binding(&bindings).map(|secret| {
        let secret = String::from_utf8_lossy(secret);
        set_cookie::binding(&names.binding, &secret, answer.cookie, max_age)
    });
    Ok(Renewed {
        session,
        set_cookies: [token].into_iter().chain(binding).collect(),
    })
}
