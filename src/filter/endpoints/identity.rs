//! `GET /.access/identity`: who the user is, at which application, until when.

use std::rc::Rc;

use crate::application::Placement;
use crate::filter::Filter;
use crate::filter::authenticate::AuthError;
use crate::filter::effect::Effect;
use crate::filter::event::{Incoming, Moment};
use crate::filter::pending::Wait;
use crate::filter::respond::unauthenticated;
use crate::filter::service::shown::{shown_pair, shows_service_token};
use crate::filter::service::{NoServiceSession, refused_service};
use crate::reason::Refusal;
use crate::reply::Reply;
use crate::session::Verified;

impl Filter {
    /// Answers with the first good session at one of the applications on the host. If there is
    /// none, one that can be refreshed is.
    pub(super) fn identity(
        &mut self,
        incoming: Incoming<'_>,
        places: &[Rc<Placement>],
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Effect {
        let incoming = incoming.as_sub_request();
        if shows_service_token(incoming.head) {
            return self.identity_of_service(incoming, places, moment, wait);
        }
        let mut last = AuthError::Refused(Refusal::NoSession);
        let mut refused = Vec::new();
        for place in places {
            let visit = incoming.to(place);
            match self.authenticator.authenticate(visit, moment) {
                Ok(session) => return Effect::Reply(identity_of(place, &session.verified)),
                Err(error) => {
                    if let AuthError::Refused(refusal) = error {
                        refused.push((visit, refusal));
                    }
                    last = error;
                }
            }
        }
        for (visit, refusal) in refused {
            match self.refresh(visit, refusal, moment) {
                Ok(effect) => return effect,
                // It may be a good session, so "no session" would be wrong.
                Err(error @ AuthError::Unavailable(_)) => last = error,
                Err(AuthError::Refused(_)) => {}
            }
        }
        // The endpoint has been found, so its host has an application.
        let Some(first) = places.first() else {
            return Effect::internal_error();
        };
        Effect::Reply(unauthenticated(
            &mut self.authenticator,
            incoming.to(first),
            last,
            moment,
        ))
    }
}

impl Filter {
    /// The same for a request that shows a service token, or a part of one. It waits at one application
    /// after the other, until one admits it.
    fn identity_of_service(
        &mut self,
        incoming: Incoming<'_>,
        places: &[Rc<Placement>],
        moment: &mut Moment<'_>,
        wait: Wait,
    ) -> Effect {
        let mut wait = wait.at_each_of(places.len());
        let mut last = AuthError::Refused(Refusal::TokenMalformed);
        for place in places {
            let Some(shown) = shown_pair(incoming.head) else {
                break;
            };
            match self.service_session(incoming.to(place), shown, moment, wait) {
                Ok(session) => return Effect::Reply(identity_of(place, &session.verified)),
                Err(NoServiceSession::Waits(effect)) => return effect,
                Err(NoServiceSession::Error(error)) => match (error, last) {
                    // It is the same pair everywhere.
                    (
                        AuthError::Refused(Refusal::TokenMalformed | Refusal::ServiceTokenInvalid),
                        _,
                    ) => {
                        last = error;
                        break;
                    }
                    // Another call would fare no better, but a token may have been kept.
                    (AuthError::Unavailable(_), _) => (wait, last) = (Wait::Pair(0), error),
                    // It may be admitted there, so "denied" would be wrong.
                    (_, AuthError::Unavailable(_)) => {}
                    _ => last = error,
                },
            }
        }
        let team_domain = self.authenticator.team_domain();
        Effect::Reply(refused_service(last, incoming.kind, team_domain))
    }
}

/// The answer by a good session. A service token has no e-mail address; `groups` are told where the
/// application forwards them.
pub(in crate::filter) fn identity_of(place: &Placement, verified: &Verified) -> Reply {
    let claims = verified.claims();
    let mut value = serde_json::json!({
        "email": Some(&claims.email).filter(|email| !email.is_empty()),
        "sub": claims.sub,
        "application": place.application.name,
        "audience": place.application.audience,
        "exp": claims.exp,
        "session_exp": claims.session_exp,
    });
    if let (Some(fields), Some(groups)) = (value.as_object_mut(), &claims.groups) {
        fields.insert("groups".to_owned(), serde_json::json!(groups));
        fields.insert(
            "groups_truncated".to_owned(),
            claims.groups_truncated.into(),
        );
    }
    Reply::json(200, "identity", &value)
}
