//! Headers by which some servers take a request for another one than was sent and judged here.
//!
//! One table says which there are; [`Overrides`] says which of them reach an origin.

use crate::application::Placement;
use crate::names::folds_into;
use crate::request::{Field, Head};

/// What such a header replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replaced {
    /// The method.
    Method,
    /// The path, or a part of it.
    Path,
    /// The hostname.
    Host,
}

/// Every such header. To add one, add its row; `docs/APPLICATIONS.md` lists them.
static OVERRIDES: [(&str, Replaced); 18] = [
    ("x-http-method-override", Replaced::Method),
    ("x-http-method", Replaced::Method),
    ("x-method-override", Replaced::Method),
    // IIS and its rewriters; Symfony, Zend and WordPress read them.
    ("x-original-url", Replaced::Path),
    ("x-rewrite-url", Replaced::Path),
    // What Kong, Traefik, Caddy and nginx tell servers behind them.
    ("x-original-uri", Replaced::Path),
    ("x-forwarded-uri", Replaced::Path),
    ("x-forwarded-path", Replaced::Path),
    ("x-envoy-original-path", Replaced::Path),
    // Spring, ASP.NET and WSGI middleware cut it from the path.
    ("x-forwarded-prefix", Replaced::Path),
    ("x-script-name", Replaced::Path),
    // Gunicorn takes these from a proxy.
    ("script-name", Replaced::Path),
    ("path-info", Replaced::Path),
    // Rack::Sendfile: which file a server between Envoy and the application sends (CVE-2025-61780).
    ("x-sendfile-type", Replaced::Path),
    ("x-accel-mapping", Replaced::Path),
    ("x-forwarded-host", Replaced::Host),
    ("x-original-host", Replaced::Host),
    ("forwarded", Replaced::Host),
];

/// Whose request it is, which decides what may override it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Overrides<'a> {
    /// It needs no session: nothing in it may turn it into another request.
    Anonymous,
    /// No application has its host: all its paths and methods are as open as each other.
    Unguarded,
    /// It has a session at an application, or would need one if this were no dry run.
    Guarded(&'a Placement),
}

impl Overrides<'_> {
    /// Whether the field is an override that must not reach the origin.
    pub fn removes(self, field: &Field<'_>, head: Head<'_>) -> bool {
        replaced_by(field.name).is_some_and(|replaced| {
            let harmless = replaced == Replaced::Host && !names_another_host(field, head);
            !harmless && !self.keeps(replaced)
        })
    }

    fn keeps(self, replaced: Replaced) -> bool {
        match (self, replaced) {
            (Self::Anonymous, _) | (Self::Unguarded, Replaced::Host) => false,
            (Self::Unguarded, Replaced::Method | Replaced::Path) => true,
            (Self::Guarded(placement), Replaced::Method) => !placement.methods_matter,
            (Self::Guarded(placement), Replaced::Path | Replaced::Host) => {
                placement.application.keep_override_headers
            }
        }
    }
}

/// Whether a header is an override, in any spelling of its name.
pub(super) fn is_override(name: &[u8]) -> bool {
    replaced_by(name).is_some()
}

fn replaced_by(name: &[u8]) -> Option<Replaced> {
    OVERRIDES
        .iter()
        .find(|(known, _)| folds_into(name, known))
        .map(|(_, replaced)| *replaced)
}

/// A proxy in front of Envoy says the host that it was asked for, which is the one that Envoy is asked
/// for. `forwarded` (RFC 7239) need not name a host at all.
fn names_another_host(field: &Field<'_>, head: Head<'_>) -> bool {
    if folds_into(field.name, "forwarded") {
        let named = |four: &[u8]| four.eq_ignore_ascii_case(b"host");
        return field.value.windows(4).any(named);
    }
    let sent = head.only(":authority").unwrap_or_default();
    !field.value.eq_ignore_ascii_case(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_in_every_spelling() {
        for name in [
            "x-original-url",
            "X-Original-URL",
            "x_rewrite_url",
            "x.http-method_override",
            "SCRIPT_NAME",
            "Forwarded",
        ] {
            assert!(is_override(name.as_bytes()), "{name}");
        }
        for name in [
            "x-original-urls",
            "original-url",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded",
        ] {
            assert!(!is_override(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_documentation_lists_every_override_and_no_other() {
        let page = include_str!("../../docs/APPLICATIONS.md");
        let (_, section) = page
            .split_once("\n## Headers that replace method, path or host\n")
            .unwrap();
        let section = section.split("\n## ").next().unwrap();
        for (what, replaced) in [
            ("the method", Replaced::Method),
            ("the path", Replaced::Path),
            ("the host", Replaced::Host),
        ] {
            let (_, row) = section.split_once(&format!("| {what} | ")).unwrap();
            let names = row.split(" |").next().unwrap();
            let listed: Vec<_> = names.split('`').skip(1).step_by(2).collect();
            let known = OVERRIDES.iter().filter(|(_, of)| *of == replaced);
            let known: Vec<_> = known.map(|(name, _)| *name).collect();
            assert_eq!(listed, known, "{what}");
        }
    }
}
