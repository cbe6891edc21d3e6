//! CORS preflights.

use super::effect::Effect;
use super::forward::anonymous;
use super::readers::is_in;
use crate::application::Placement;
use crate::protocol::feed::Preflight;
use crate::reply::Reply;
use crate::request::Head;

/// A preflight never carries a session: the application's setting decides (Fetch Standard,
/// "CORS-preflight request").
pub(super) fn preflight(head: Head<'_>, placement: &Placement) -> Effect {
    match placement.application.preflight {
        Preflight::Origin if !head.has_body() => Effect::Continue(anonymous(head)),
        Preflight::Answer => Effect::Reply(answer_preflight(head, placement)),
        _ => Effect::Reply(Reply::empty(403, "preflight_denied")),
    }
}

fn answer_preflight(head: Head<'_>, placement: &Placement) -> Reply {
    let listed = &placement.application.cors_origins;
    if !head
        .only("origin")
        .is_some_and(|origin| is_in(listed, origin))
    {
        return Reply::empty(403, "preflight_denied");
    }
    let echo = |name| {
        let value = head
            .only(name)
            .and_then(|value| std::str::from_utf8(value).ok());
        value.filter(|text| text.bytes().all(|b| b.is_ascii_graphic() || b == b' '))
    };
    let mut reply =
        Reply::empty(204, "preflight_answered").with("access-control-max-age", "600".to_owned());
    for (asked, allowed) in [
        (
            "access-control-request-method",
            "access-control-allow-methods",
        ),
        (
            "access-control-request-headers",
            "access-control-allow-headers",
        ),
    ] {
        if let Some(value) = echo(asked) {
            reply = reply.with(allowed, value.to_owned());
        }
    }
    reply
}
