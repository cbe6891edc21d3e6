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
    /// The scheme or the port. Some frameworks build the URL from it as it was sent, and so take a
    /// path from it too (CVE-2025-64525).
    SchemeOrPort,
}

/// Every such header. To add one, add its row; `docs/APPLICATIONS.md` lists them.
static OVERRIDES: [(&str, Replaced); 44] = [
    ("x-http-method-override", Replaced::Method),
    ("x-http-method", Replaced::Method),
    ("x-method-override", Replaced::Method),
    // What Traefik, Caddy and nginx ask an authorization service about.
    ("x-forwarded-method", Replaced::Method),
    ("x-original-method", Replaced::Method),
    // IIS and its rewriters; Symfony, Zend and WordPress read them.
    ("x-original-url", Replaced::Path),
    ("x-rewrite-url", Replaced::Path),
    // Azure App Service and Static Web Apps; adapters for Node.js read them.
    ("x-waws-unencoded-url", Replaced::Path),
    ("x-ms-original-url", Replaced::Path),
    // What Kong, Traefik, Caddy and nginx tell servers behind them.
    ("x-original-uri", Replaced::Path),
    ("x-forwarded-uri", Replaced::Path),
    ("x-forwarded-path", Replaced::Path),
    ("x-envoy-original-path", Replaced::Path),
    // Where a route service of Cloud Foundry forwards to.
    ("x-cf-forwarded-url", Replaced::Path),
    // Spring, ASP.NET and WSGI and Plack middleware cut it from the path.
    ("x-forwarded-prefix", Replaced::Path),
    ("x-script-name", Replaced::Path),
    ("x-forwarded-script-name", Replaced::Path),
    ("x-traversal-path", Replaced::Path),
    // Gunicorn takes these from a proxy.
    ("script-name", Replaced::Path),
    ("path-info", Replaced::Path),
    // What parts of Next.js and its hosts tell each other: which page to render, and which
    // middleware, the one that checks access too, not to run (CVE-2025-29927).
    ("x-matched-path", Replaced::Path),
    ("x-now-route-matches", Replaced::Path),
    ("x-invoke-path", Replaced::Path),
    ("x-invoke-output", Replaced::Path),
    ("x-middleware-rewrite", Replaced::Path),
    ("x-middleware-subrequest", Replaced::Path),
    ("x-isr", Replaced::Path),
    // Astro's adapter for Vercel (CVE-2026-33768).
    ("x-astro-path", Replaced::Path),
    // Rack::Sendfile: which file a server between Envoy and the application sends (CVE-2025-61780).
    ("x-sendfile-type", Replaced::Path),
    ("x-accel-mapping", Replaced::Path),
    ("x-forwarded-host", Replaced::Host),
    ("x-original-host", Replaced::Host),
    ("x-envoy-original-host", Replaced::Host),
    ("forwarded", Replaced::Host),
    // Jetty and Paste take the host from it. Apache and Traefik send their own name in it.
    ("x-forwarded-server", Replaced::Host),
    // CherryPy and mod_wsgi.
    ("x-host", Replaced::Host),
    ("x-http-host-override", Replaced::Host),
    // Azure App Service.
    ("disguised-host", Replaced::Host),
    // WebSphere Liberty takes it from every client, unless configured not to.
    ("$wssn", Replaced::Host),
    ("x-forwarded-proto", Replaced::SchemeOrPort),
    ("x-forwarded-protocol", Replaced::SchemeOrPort),
    ("x-forwarded-scheme", Replaced::SchemeOrPort),
    ("x-url-scheme", Replaced::SchemeOrPort),
    ("x-forwarded-port", Replaced::SchemeOrPort),
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
            let harmless = match replaced {
                Replaced::Method | Replaced::Path => false,
                Replaced::Host => !names_another_host(field, head),
                Replaced::SchemeOrPort => is_scheme_or_port(field.value),
            };
            !harmless && !self.keeps(replaced)
        })
    }

    fn keeps(self, replaced: Replaced) -> bool {
        match (self, replaced) {
            (Self::Anonymous, _)
            | (Self::Unguarded, Replaced::Host)
            | (_, Replaced::SchemeOrPort) => false,
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

/// Whether a value is a scheme or a port, or a list of them, as a chain of proxies sends it.
fn is_scheme_or_port(value: &[u8]) -> bool {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b' ');
    value.iter().all(harmless)
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
            "$WSSN",
            "X_Middleware-Subrequest",
        ] {
            assert!(is_override(name.as_bytes()), "{name}");
        }
        for name in [
            "x-original-urls",
            "original-url",
            "x-forwarded-for",
            "x-forwarded",
            "x-nextjs-data",
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
            ("the scheme or the port", Replaced::SchemeOrPort),
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
