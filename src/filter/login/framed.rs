//! Callbacks in a frame, and in a window that a frame opened, where they differ from others.

use std::rc::Rc;

use super::attempt::Beginning;
use super::callback::{find_attempt, is_code};
use super::window;
use crate::application::Placement;
use crate::filter::endpoints::came_from::place_of;
use crate::filter::event::{Incoming, Moment};
use crate::protocol::login::is_of_frame;
use crate::protocol::return_to;
use crate::reply::Reply;
use crate::request::kind::RequestKind;
use crate::request::query_parameter;

/// The answer to a callback that ends no attempt here: a frame's without a code, and a window's with
/// a code that is for the frame. `None` for all others.
pub(in crate::filter) fn answer(
    team_domain: &str,
    incoming: Incoming<'_>,
    places: &[Rc<Placement>],
    moment: &mut Moment<'_>,
) -> Option<Reply> {
    let Incoming { head, kind, .. } = incoming;
    let parameter = |name| query_parameter(head.query(), name);
    let code = parameter("code").filter(|code| is_code(code));
    let state = parameter("state").unwrap_or_default();
    let known = find_attempt(head, places, &state, moment.seconds());
    match (kind, code, known) {
        (RequestKind::FramedNavigation, None, Some((attempt, _)))
            if attempt.beginning() == Beginning::Silent =>
        {
            None
        }
        (RequestKind::FramedNavigation, None, Some((attempt, place))) => {
            let reply = window::without_code(team_domain, incoming.to(&place), moment);
            Some(match attempt.beginning() {
                Beginning::Frame => reply.with("set-cookie", attempt.clear_cookie()),
                _ => reply,
            })
        }
        // A frame of another site, whose cookies the browser did not take.
        (RequestKind::FramedNavigation, None, None) => {
            let page = parameter("return_to").unwrap_or_default();
            let page = return_to::sanitize(&page);
            let place = place_of(places, &page).or(places.first())?;
            Some(window::without_code(
                team_domain,
                incoming.to(place),
                moment,
            ))
        }
        // The team domain gives no such code for an application whose cookies are not partitioned.
        (RequestKind::Navigation, Some(code), None) if is_of_frame(&state) => {
            let has_frames = |place: &&Rc<Placement>| place.application.cookie.partitioned;
            let place = places.iter().find(has_frames)?;
            Some(window::bring(place, &code, &state))
        }
        _ => None,
    }
}
