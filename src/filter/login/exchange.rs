//! The exchange of a callback's code for a session: the token is judged like any other before its
//! cookie is set.

use std::rc::Rc;

use super::attempt::{Attempt, Beginning};
use super::replies::{RefusedExchange, control_unavailable, not_valid_here};
use super::returns::Returns;
use super::way_back::WayBack;
use super::{silent, window};
use crate::application::Placement;
use crate::filter::authenticate::{AuthError, Authenticator, demand};
use crate::filter::control_answer::ControlAnswer;
use crate::filter::event::Moment;
use crate::filter::respond::unavailable;
use crate::protocol::calls::{ExchangeAnswer, SameSite};
use crate::protocol::return_to;
use crate::reply::page::MessagePage;
use crate::reply::{Reply, set_cookie};
use crate::request::kind::RequestKind;
use crate::session::Verified;
use crate::time::UnixSeconds;

/// A callback that waits for the exchange of its code.
pub(in crate::filter) struct PendingExchange {
    pub(super) placement: Rc<Placement>,
    pub(super) attempt: Attempt,
    pub(super) returns: Returns,
    pub(super) kind: RequestKind,
    /// Whether the browser has a good session here already.
    pub(in crate::filter) is_signed_in: bool,
}

impl PendingExchange {
    /// The exchange was answered.
    pub fn answered(
        &self,
        answer: ControlAnswer<ExchangeAnswer>,
        authenticator: &mut Authenticator,
        moment: &Moment<'_>,
    ) -> Reply {
        let reply = self.reply(answer, authenticator, moment);
        self.ended(reply)
    }

    /// How the callback answers: with the reply, or silently with a message.
    pub(super) fn ended(&self, reply: Reply) -> Reply {
        silent::ended(&self.attempt, &self.placement, reply)
    }

    fn reply(
        &self,
        answer: ControlAnswer<ExchangeAnswer>,
        authenticator: &mut Authenticator,
        moment: &Moment<'_>,
    ) -> Reply {
        let kind = self.kind;
        let issued = match answer {
            ControlAnswer::Done(issued) => issued,
            ControlAnswer::Refused(problem) => {
                let refused = RefusedExchange {
                    kind,
                    by_itself: !self.attempt.is_again()
                        && self.attempt.beginning() != Beginning::Silent,
                    placement: &self.placement,
                    team_domain: authenticator.team_domain(),
                    now: moment.seconds(),
                };
                return refused.reply(&problem);
            }
            ControlAnswer::NoAnswer(_) => return control_unavailable(kind),
        };
        let bindings: Vec<&[u8]> = issued.binding.iter().map(String::as_bytes).collect();
        let demand = demand(&self.placement, &bindings, moment);
        match authenticator.authenticate_issued(&issued.token, demand, moment.now) {
            Ok(session) => self.signed_in(&issued, &session.verified, moment.seconds()),
            Err(AuthError::Refused(refusal)) => {
                not_valid_here(kind, refusal, WayBack::to(Some(&issued.return_to)))
            }
            Err(AuthError::Unavailable(why)) => unavailable(kind, why),
        }
    }

    /// Sets the cookies and returns the user to the page they asked for.
    fn signed_in(&self, issued: &ExchangeAnswer, verified: &Verified, now: UnixSeconds) -> Reply {
        let claims = verified.claims();
        let names = &self.placement.cookies;
        let max_age = claims.session_exp.duration_since(now);
        let return_to = return_to::sanitize(&issued.return_to);
        let location = format!("{}{return_to}", self.placement.location.origin);

        let token = set_cookie::token(&names.token, &issued.token, issued.cookie, max_age);
        let mut reply = self
            .return_to(&location, issued.cookie.same_site)
            .with("set-cookie", token);
        // With `cnf`, the verifier has matched the secret, so it is plain base64url.
        if let (Some(binding), Some(_)) = (&issued.binding, &claims.cnf) {
            let value = set_cookie::binding(&names.binding, binding, issued.cookie, max_age);
            reply = reply.with("set-cookie", value);
        }
        reply
            .with("set-cookie", self.attempt.clear_cookie())
            .with("set-cookie", self.returns.set_cookie(now))
    }

    /// A redirect; or, where `SameSite=Strict` would keep the cookies back from it, a page of this
    /// site that leads there: by itself, unless another site began the attempt.
    fn return_to(&self, location: &str, same_site: SameSite) -> Reply {
        let in_frame = self.kind == RequestKind::FramedNavigation;
        if self.attempt.beginning().has_window() && !in_frame {
            return window::signed_in(&self.placement.location.origin.to_string(), location);
        }
        if same_site != SameSite::Strict {
            return Reply::redirect("signed_in", location.to_owned());
        }
        let title = "You are signed in";
        let page = if self.attempt.beginning() == Beginning::AnotherSite {
            MessagePage::new(title, &["Another site may have led you here."])
                .link(location, "Continue")
        } else {
            MessagePage::new(
                title,
                &["You are being taken back to the page you asked for."],
            )
            .move_on(location, "Continue")
        };
        let page = page.keeping_the_fragment();
        let page = if in_frame { page.in_frames() } else { page };
        page.reply(200, "signed_in")
    }
}
