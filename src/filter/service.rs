//! Service tokens: how programs that cannot sign in are admitted.
//!
//! A request shows a client id and a secret. For a pair that is not known here, the root asks the
//! control service once, however many requests wait, and keeps the token that it gets. From then on
//! every request with the pair is judged by the one verifier, with that token, by what is in force:
//! revocations, the policy's rule and its networks, keys and times. The pair itself opens nothing.
//!
//! The pair alone counts. Cookies and other tokens of the request are not looked at, and a request
//! that shows a pair is never led to a login.

mod allowance;
mod kept;
pub(super) mod shown;
pub(super) mod tokens;
pub(super) mod waiting;

use std::rc::Rc;
use std::time::Duration;

use super::Filter;
use super::authenticate::{AuthError, Session, Unavailable};
use super::effect::{Effect, ResponseChanges};
use super::event::{Moment, Visit};
use super::pending::{PendingRequests, Wait};
use super::respond::unavailable;
use super::shared_calls::recent::{InVain, Pause};
use super::shared_calls::{NewCall, SharedCall};
use crate::config::Mode;
use crate::protocol::base64url;
use crate::protocol::calls::ServiceRequest;
use crate::protocol::service_token::{ClientPair, MalformedPair};
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::reply::refusal::refuse_service;
use crate::request::kind::RequestKind;
use waiting::PendingService;

/// A token that is refused so soon after it came is not asked for again: another one would be
/// refused for the same reason.
const JUST_NOW: Duration = Duration::from_secs(2);

/// A pair that a request shows, at one application.
#[derive(Clone, Copy)]
struct Shown<'a> {
    pair: ClientPair<'a>,
    fingerprint: &'a str,
}

/// Why a request with a pair has no session now.
pub(super) enum NoServiceSession {
    /// It waits for the control service.
    Waits(Effect),
    /// It gets none.
    Error(AuthError),
}

impl From<AuthError> for NoServiceSession {
    fn from(error: AuthError) -> Self {
        Self::Error(error)
    }
}

impl Filter {
    /// The effect on a request to an application that shows a pair, or a part of one.
    pub(super) fn visit_by_service(
        &mut self,
        visit: Visit<'_>,
        shown: Result<ClientPair<'_>, MalformedPair>,
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Effect {
        let error = match self.service_session(visit, shown, moment, wait) {
            Ok(session) => {
                return self.forward(visit, &session, ResponseChanges::default(), moment);
            }
            Err(NoServiceSession::Waits(effect)) => return effect,
            Err(NoServiceSession::Error(error)) => error,
        };
        let team_domain = self.authenticator.team_domain();
        Effect::Reply(refused_service(error, visit.incoming.kind, team_domain))
    }

    /// The session of a request that shows a pair, or a part of one.
    ///
    /// # Errors
    /// The request waits, or gets none.
    pub(super) fn service_session(
        &mut self,
        visit: Visit<'_>,
        shown: Result<ClientPair<'_>, MalformedPair>,
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Result<Session, NoServiceSession> {
        let judged = match shown {
            Ok(pair) => self.judge_pair(visit, pair, moment, wait),
            Err(_) => Err(AuthError::Refused(Refusal::TokenMalformed).into()),
        };
        let counted = match &judged {
            Ok(_) => "admitted",
            Err(NoServiceSession::Waits(_)) => return judged,
            Err(NoServiceSession::Error(AuthError::Unavailable(_))) => "failed",
            Err(NoServiceSession::Error(AuthError::Refused(Refusal::TokenMalformed))) => {
                "malformed"
            }
            Err(NoServiceSession::Error(AuthError::Refused(_))) => "refused",
        };
        self.counters.count("service", counted);
        judged
    }

    fn judge_pair(
        &mut self,
        visit: Visit<'_>,
        pair: ClientPair<'_>,
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Result<Session, NoServiceSession> {
        let fingerprint = &fingerprint(pair, &visit.placement.application.audience);
        if let Some(token) = self.services.kept.find(fingerprint) {
            let is_new = token.has_come_within(JUST_NOW, moment.now);
            match self
                .authenticator
                .authenticate_service(token.text(), visit, moment)
            {
                Ok(session) if is_new || session.is_before_its_end(moment.seconds()) => {
                    return Ok(session);
                }
                // Another token would be of the same rule, or the next one is asked for too soon.
                Err(error @ AuthError::Refused(refusal))
                    if is_new || refusal == Refusal::PolicyDenied =>
                {
                    return Err(error.into());
                }
                Err(error @ AuthError::Unavailable(_)) => return Err(error.into()),
                // Whether the pair gets another token is for the control service to say.
                Ok(_) | Err(AuthError::Refused(_)) => {}
            }
        }
        match self.services.calls.recent(fingerprint, moment.now) {
            Some(InVain::Refused(refusal)) => Err(AuthError::Refused(refusal).into()),
            Some(InVain::NoAnswer(_)) => Err(AuthError::Unavailable(Unavailable::NoAnswer).into()),
            None if !wait.allows_pair() => {
                Err(AuthError::Unavailable(Unavailable::NoAnswer).into())
            }
            None => {
                let shown = Shown { pair, fingerprint };
                Err(self.ask(visit, shown, moment, wait.after_pair()))
            }
        }
    }

    /// Holds a request until the control service has said whether the pair is good.
    fn ask(
        &mut self,
        visit: Visit<'_>,
        shown: Shown<'_>,
        moment: &mut Moment<'_>,
        then: Wait,
    ) -> NoServiceSession {
        let fingerprint = shown.fingerprint;
        let is_known = self.services.kept.find(fingerprint).is_some();
        let open = self.services.calls.open(fingerprint);
        let has_room = self.pending.has_room_for_service(open.as_ref(), is_known);
        let shared = match open {
            Some(shared) => Some(shared),
            None if has_room && (is_known || self.services.allowance.take(moment)) => {
                self.begin_call(visit, shown, moment)
            }
            None => None,
        };
        // A dry run holds no request.
        if self.config.mode() == Mode::Report {
            return NoServiceSession::Error(Unavailable::NotReady.into());
        }
        let head = visit.incoming.head;
        match shared.filter(|_| has_room && PendingRequests::can_keep(head)) {
            Some(call) => {
                let waiting = PendingService {
                    head: head.to_owned(),
                    call,
                    is_known,
                    then,
                };
                NoServiceSession::Waits(
                    self.pending
                        .wait_for_service(visit.incoming.stream, waiting),
                )
            }
            None => {
                self.counters.count("service", "crowded");
                NoServiceSession::Error(Unavailable::NoAnswer.into())
            }
        }
    }

    /// Begins the call for a pair; `None` if it cannot be written.
    fn begin_call(
        &mut self,
        visit: Visit<'_>,
        shown: Shown<'_>,
        moment: &mut Moment<'_>,
    ) -> Option<Rc<SharedCall<()>>> {
        let request = ServiceRequest {
            client_id: shown.pair.client_id(),
            client_secret: shown.pair.secret().to_owned(),
            origin: visit.placement.location.origin.to_string(),
            audience: visit.placement.application.audience.clone(),
        };
        let new = NewCall {
            call: self.pending.call_of("service", &request)?,
            deadline: self.pending.call_deadline(moment.now),
            pause: Pause::after_no_answer(moment.random.number()),
            // The next request with the pair will not have to wait.
            made_anyway: true,
        };
        Some(self.services.calls.begin(shown.fingerprint, new))
    }
}

/// The answer to a request that shows a pair, or a part of one, and has no session.
pub(super) fn refused_service(error: AuthError, kind: RequestKind, team_domain: &str) -> Reply {
    match error {
        AuthError::Unavailable(why) => unavailable(kind, why),
        AuthError::Refused(refusal) => refuse_service(refusal, kind, team_domain),
    }
}

/// What a pair is known by here, for one application. The parts have fixed lengths, so no two pairs
/// make the same text.
fn fingerprint(pair: ClientPair<'_>, audience: &str) -> String {
    let mut hash = hmac_sha256::Hash::new();
    for part in [pair.id(), pair.secret(), audience] {
        hash.update(part.as_bytes());
    }
    base64url::encode(&hash.finalize())
}
