//! `connection` names fields that are meant for this connection alone: the next server removes them
//! (RFC 9110, section 7.6.1).
//!
//! Envoy removes them itself, and `connection` with them, before it asks a filter. An upgrade keeps
//! `connection` as it was sent, so a client could have a server behind Envoy remove what the filter
//! adds. Not every host of this filter need be as thorough as Envoy.

use super::identity::is_reserved;
use super::overrides::is_override;
use crate::request::Head;

/// Fields that say who sent a request, besides those in the tables of the filter.
const PROTECTED: [&str; 3] = ["authorization", "cookie", "host"];
/// Prefixes of the names of fields by which Envoy says where a request came from.
const OF_ENVOY: [&str; 2] = ["x-envoy-", "x-forwarded-"];

/// Whether the request is an upgrade whose `connection` names more than that.
pub(super) fn is_upgrade_with_more(head: Head<'_>) -> bool {
    let named = named(head);
    is_upgrade(head, &named) && named.len() > 1
}

/// Whether the request is no upgrade, and has a field removed that the filter or Envoy relies on.
pub(super) fn names_protected(head: Head<'_>) -> bool {
    let named = named(head);
    !is_upgrade(head, &named) && named.into_iter().any(is_protected)
}

fn is_upgrade(head: Head<'_>, named: &[&[u8]]) -> bool {
    let says = |name: &&[u8]| name.eq_ignore_ascii_case(b"upgrade");
    head.has("upgrade") && named.iter().any(says)
}

fn is_protected(name: &[u8]) -> bool {
    let begins = |prefix: &&str| {
        let start = name.get(..prefix.len()).unwrap_or_default();
        start.eq_ignore_ascii_case(prefix.as_bytes())
    };
    let equals = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
    is_reserved(name)
        || is_override(name)
        || PROTECTED.iter().any(equals)
        || OF_ENVOY.iter().any(begins)
}

/// What `connection` names. Nearly no request has one, and none costs nothing.
fn named(head: Head<'_>) -> Vec<&[u8]> {
    let mut named = Vec::new();
    for line in head.all("connection") {
        named.extend(line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::with_head;

    #[test]
    fn an_upgrade_is_told_from_what_it_names() {
        for (connection, more) in [
            ("Upgrade", false),
            ("upgrade ", false),
            ("keep-alive, Upgrade", true),
            ("upgrade, x-access-user-email", true),
            ("upgrade,", true),
            ("x-access-user-email", false),
        ] {
            with_head(
                &[("upgrade", "websocket"), ("connection", connection)],
                |head| {
                    assert_eq!(is_upgrade_with_more(head), more, "{connection}");
                },
            );
        }
        let twice = [
            ("connection", "upgrade"),
            ("connection", "x-forwarded-for"),
            ("upgrade", "websocket"),
        ];
        with_head(&twice, |head| assert!(is_upgrade_with_more(head)));
    }

    #[test]
    fn what_is_relied_on_may_not_be_named() {
        for (connection, protected) in [
            ("keep-alive", false),
            ("close, TE", false),
            ("x-own-hop", false),
            ("upgrade", false),
            ("close, X-Access-User-Email", true),
            ("x_access_jwt_assertion", true),
            ("X-Forwarded-For", true),
            ("x-envoy-external-address", true),
            ("cookie", true),
            ("close,x-original-url", true),
            ("upgrade, x-access-user-id", true),
        ] {
            with_head(&[("connection", connection)], |head| {
                assert_eq!(names_protected(head), protected, "{connection}");
            });
        }
    }
}
