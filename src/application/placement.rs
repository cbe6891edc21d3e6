//! An application at a place where it is reached.

use std::rc::Rc;

use super::Application;
use super::cookie_names::CookieNames;
use super::path::is_below;
use crate::protocol::origin::Origin;
use crate::protocol::origin_pattern::OriginPattern;

/// Where an application is reached, by one hostname.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Scheme, hostname and port. Where a wildcard matches, the hostname is the one asked for.
    pub origin: Origin,
    /// Whole segments, without trailing slash; empty for the whole host.
    pub path_prefix: String,
}

/// An application at one of its places.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The application.
    pub application: Rc<Application>,
    /// The place.
    pub location: Place,
    /// The names of its cookies here.
    pub cookies: CookieNames,
    /// Whether this filter guards it.
    pub here: bool,
    /// Whether a rule of an application on its hostname depends on a request's method.
    pub methods_matter: bool,
    /// Whether paths here may have escaped slashes.
    pub escaped_slashes: bool,
    /// Path prefixes of other places below this one.
    nested: Vec<String>,
}

/// An application at a location, which may stand for many places.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub application: Rc<Application>,
    pub origin: OriginPattern,
    pub path_prefix: String,
    pub cookies: CookieNames,
    pub here: bool,
    pub methods_matter: bool,
    pub escaped_slashes: bool,
    pub nested: Vec<String>,
}

impl Placement {
    /// Whether an address on its host, from the path on, is of this place and no other.
    #[must_use]
    pub fn owns(&self, address: &str) -> bool {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let below = |prefix: &str| is_below(path.as_bytes(), prefix.as_bytes());
        below(&self.location.path_prefix) && !self.nested.iter().any(|prefix| below(prefix))
    }

    /// Without a port in the request, the origin must have its scheme's own.
    pub(super) fn has_port(&self, port: Option<u16>) -> bool {
        let origin = &self.location.origin;
        let implied = if origin.is_https() { 443 } else { 80 };
        origin.port() == port.unwrap_or(implied)
    }
}

impl Placed {
    /// The application at a hostname, if the location stands for it.
    pub fn at(&self, hostname: &str) -> Option<Placement> {
        Some(Placement {
            application: Rc::clone(&self.application),
            location: Place {
                origin: self.origin.at(hostname)?,
                path_prefix: self.path_prefix.clone(),
            },
            cookies: self.cookies.clone(),
            here: self.here,
            methods_matter: self.methods_matter,
            escaped_slashes: self.escaped_slashes,
            nested: self.nested.clone(),
        })
    }

    /// Whether it stands for a place of an application.
    pub fn is(&self, audience: &str, place: &Place) -> bool {
        self.application.audience == audience
            && self.path_prefix == place.path_prefix
            && self.origin.matches(&place.origin)
    }
}
