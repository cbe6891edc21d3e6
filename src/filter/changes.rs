//! How requests are changed on their way to an origin: what they lose, whoever sent them, and what
//! a good session adds.

use super::effect::{Changes, Effect};
use super::judge::{Session, bearer_tokens};
use crate::names::{is_override_header, is_reserved_header};
use crate::request::{Head, cookies};

/// The names of the fields that are to go, each once.
fn names(head: Head<'_>, goes: fn(&[u8]) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for field in head.fields().iter().filter(|field| goes(field.name)) {
        if let Ok(name) = std::str::from_utf8(field.name)
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// What a request without a session becomes: nothing in it may turn it into another one.
pub(super) fn anonymous(head: Head<'_>) -> Changes {
    let mut changes = cleaned(head);
    changes.remove.extend(names(head, is_override_header));
    changes
}

/// What every request loses on its way to an origin, whoever sent it.
pub(super) fn cleaned(head: Head<'_>) -> Changes {
    let mut remove = names(head, is_reserved_header);
    if bearer_tokens(head).next().is_some() {
        remove.push("authorization".to_owned());
    }
    Changes {
        remove,
        cookies: cookies::without_own(head),
        identity: None,
        set_cookies: Vec::new(),
        unguarded: false,
        reported: None,
    }
}

/// A dry run refuses nothing: what would have been goes on, without an identity and cleaned.
pub(super) fn reported(head: Head<'_>, effect: Effect) -> Effect {
    match effect {
        Effect::Reply(reply) => Effect::Continue(Changes {
            reported: Some(reply.reason),
            ..cleaned(head)
        }),
        other => other,
    }
}

/// What a request with a good session becomes.
pub(super) fn admitted(head: Head<'_>, session: &Session) -> Changes {
    Changes {
        identity: Some(session.verified.clone()),
        ..cleaned(head)
    }
}
