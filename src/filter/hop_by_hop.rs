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
    is_upgrade(head) && named(head).count() > 1
}

/// Whether the request is no upgrade, and has a field removed that the filter or Envoy relies on.
pub(super) fn names_protected(head: Head<'_>) -> bool {
    head.has("connection") && !is_upgrade(head) && named(head).any(is_protected)
}

fn is_upgrade(head: Head<'_>) -> bool {
    head.has("upgrade") && named(head).any(|name| name.eq_ignore_ascii_case(b"upgrade"))
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

fn named(head: Head<'_>) -> impl Iterator<Item = &[u8]> {
    let lines = head.all("connection");
    let names = lines.flat_map(|line| line.split(|byte| *byte == b','));
    names.map(<[u8]>::trim_ascii)
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
