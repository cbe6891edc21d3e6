//! How requests are changed on their way to an origin: what a client may not send is removed, and
//! a good session adds who sent the request.

use super::authenticate::Session;
use super::authenticate::presented::bearer_tokens;
use super::effect::{Changes, Effect, ResponseChanges};
use super::hop_by_hop::is_upgrade_with_more;
use super::identity::is_reserved;
use super::overrides::{Overrides, is_override};
use crate::application::Placement;
use crate::request::{Field, Head, cookies};

/// What every request loses on its way to an origin.
fn cleaned(head: Head<'_>, overrides: Overrides<'_>) -> Changes {
    let mut remove = names(head.fields(), &|field| {
        is_reserved(field.name) || overrides.removes(field, head)
    });
    if bearer_tokens(head).next().is_some() {
        remove.push("authorization".to_owned());
    }
    Changes {
        remove,
        cookies: cookies::without_own(head),
        only_upgrades: is_upgrade_with_more(head),
        ..Changes::default()
    }
}

/// A request to a host that no application has.
pub(super) fn unguarded(head: Head<'_>) -> Changes {
    Changes {
        unguarded: true,
        ..cleaned(head, Overrides::Unguarded)
    }
}

/// A request that needs no session.
pub(super) fn anonymous(head: Head<'_>) -> Changes {
    cleaned(head, Overrides::Anonymous)
}

/// A request with a good session.
pub(super) fn admitted(
    head: Head<'_>,
    placement: &Placement,
    session: &Session,
    response: ResponseChanges,
) -> Changes {
    Changes {
        identity: Some(session.verified.clone()),
        response,
        ..cleaned(head, Overrides::Guarded(placement))
    }
}

/// What a dry run does in place of an effect: a request that would have been refused continues,
/// cleaned and without an identity.
pub(super) fn reported(head: Head<'_>, overrides: Overrides<'_>, effect: Effect) -> Effect {
    match effect {
        Effect::Reply(reply) => Effect::Continue(Changes {
            reported: Some(reply.reason),
            ..cleaned(head, overrides)
        }),
        other => other,
    }
}

/// Names of trailers to remove: a trailer may carry what the head must not (RFC 9110, section
/// 6.5).
#[must_use]
pub fn trailers_to_remove(trailers: &[Field<'_>]) -> Vec<String> {
    names(trailers, &|field| {
        is_reserved(field.name) || is_override(field.name)
    })
}

/// The names of the fields that are to be removed, each once.
fn names(fields: &[Field<'_>], is_removed: &dyn Fn(&Field<'_>) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in fields.iter().filter(|field| is_removed(field)) {
        if let Ok(name) = std::str::from_utf8(field.name)
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}
