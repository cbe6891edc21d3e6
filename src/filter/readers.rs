//! Who may read the filter's replies across origins (Fetch Standard, "CORS protocol"): the one place
//! that adds the headers for it, to every reply whose application is known.
//!
//! An application lists the origins. The replies of the filter's own paths are of all applications on
//! the hostname, so an origin must be listed by each of them.

use super::effect::Effect;
use super::event::Visit;
use crate::application::authority::Authority;
use crate::application::path::Readings;
use crate::application::{Choice, Host};
use crate::feed::Store;
use crate::protocol::login::FILTER_PREFIX;
use crate::reply::Reply;
use crate::request::Head;
use crate::request::kind::RequestKind;

/// What scripts of other origins may read beside the headers that the Fetch Standard names.
const EXPOSED: &str = "www-authenticate, retry-after";

/// The effect on a request, with a reply that its sender can read, if its origin is listed.
pub(super) fn readable(store: Option<&Store>, head: Head<'_>, effect: Effect) -> Effect {
    match effect {
        // No script reads it, and it must not look like a permission.
        Effect::Reply(ref reply)
            if reply.status >= 400 && RequestKind::of(head) == RequestKind::Preflight =>
        {
            effect
        }
        Effect::Reply(_) => readable_by(reader(store, head), effect),
        _ => effect,
    }
}

/// The origin that sent a request, if it may read the reply.
pub(super) fn reader(store: Option<&Store>, head: Head<'_>) -> Option<String> {
    let origin = head.only("origin")?;
    let authority = Authority::parse(head.only(":authority")?)?;
    let host = store?.table().host(&authority)?;
    let origin = is_listed(&host, head, origin).then_some(origin)?;
    Some(std::str::from_utf8(origin).ok()?.to_owned())
}

/// The origin that sent a request to an application, if it may read the reply.
pub(super) fn reader_of(visit: Visit<'_>) -> Option<Box<str>> {
    let origin = visit.incoming.head.only("origin")?;
    let listed = is_in(&visit.placement.application.cors_origins, origin).then_some(origin)?;
    Some(std::str::from_utf8(listed).ok()?.into())
}

/// The effect, with a reply that an origin can read.
pub(super) fn readable_by(reader: Option<String>, effect: Effect) -> Effect {
    match (reader, effect) {
        (Some(reader), Effect::Reply(reply)) => Effect::Reply(reply_readable_by(&reader, reply)),
        (_, effect) => effect,
    }
}

/// The reply, which an origin can read unless it is a page of a sign-in.
pub(super) fn reply_readable_by(reader: &str, reply: Reply) -> Reply {
    let named = |wanted| move |(name, _): &&(&'static str, String)| *name == wanted;
    let find = |wanted| reply.headers.iter().find(named(wanted));
    let is_page = find("content-type").is_some_and(|(_, kind)| kind.starts_with("text/html"));
    if is_page && reply.status < 400 {
        return reply;
    }
    let varies = find("vary").is_some();
    let reply = reply
        .with("access-control-allow-origin", reader.to_owned())
        .with("access-control-allow-credentials", "true".to_owned())
        .with("access-control-expose-headers", EXPOSED.to_owned());
    if varies {
        reply
    } else {
        reply.with("vary", "Origin".to_owned())
    }
}

/// Whether an origin is listed where a request leads.
fn is_listed(host: &Host<'_>, head: Head<'_>, origin: &[u8]) -> bool {
    let own = FILTER_PREFIX.as_bytes();
    let choice = match Readings::of(head.path()) {
        Some(path) if !path.sent().starts_with(own) && !path.decoded().starts_with(own) => {
            host.find(&path)
        }
        _ => Choice::Ambiguous,
    };
    match choice {
        Choice::Found(place) => is_in(&place.application.cors_origins, origin),
        Choice::NoApplication => false,
        Choice::Ambiguous => {
            let mut places = host.guarded().peekable();
            places.peek().is_some()
                && places.all(|place| is_in(&place.application.cors_origins, origin))
        }
    }
}

/// Whether an origin is one of those listed.
pub(super) fn is_in(listed: &[String], origin: &[u8]) -> bool {
    listed.iter().any(|one| one.as_bytes() == origin)
}
