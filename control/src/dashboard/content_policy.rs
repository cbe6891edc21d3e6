//! The Content-Security-Policy of the dashboard's pages.

use axum::http::HeaderValue;

/// As on the team domain's other pages, and no script may turn text into code (Trusted Types).
pub const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
     frame-ancestors 'none'; form-action 'self'; require-trusted-types-for 'script'; \
     trusted-types 'none'",
);

/// The same for a page whose script follows events of this service.
pub const POLICY_WITH_CONNECTIONS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'self'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);
