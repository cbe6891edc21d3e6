//! Applications that a test has for itself.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use portcullis_demo::control::{Allow, NewApplication};
use portcullis_demo::deployment::Deployment;

use crate::sites;

/// Numbers, each given once.
#[derive(Debug, Default)]
pub(crate) struct Numbers(AtomicU32);

impl Numbers {
    pub(crate) fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// What a test may choose of its application.
#[derive(Debug, Clone)]
pub struct ApplicationSettings<'a> {
    /// The application session's duration.
    pub session_duration: &'a str,
    /// Whether tokens are bound to a binding cookie.
    pub binding_cookie: bool,
    /// Whether scripts are kept from the token.
    pub http_only: bool,
    /// `none`, `lax` or `strict`.
    pub same_site: &'a str,
    /// Who is admitted.
    pub allow: Allow<'a>,
    /// The site that its hostname belongs to.
    pub site: &'a str,
    /// Further options of `application add`, as one types them.
    pub options: &'a [&'a str],
}

impl Default for ApplicationSettings<'_> {
    /// Every user, for an hour, without a binding cookie.
    fn default() -> Self {
        Self {
            session_duration: "1h",
            binding_cookie: false,
            http_only: true,
            same_site: "lax",
            allow: Allow::Everyone,
            site: sites::APPLICATIONS,
            options: &[],
        }
    }
}

/// An application of a test.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Its hostname.
    pub host: String,
    /// Its origin.
    pub origin: String,
    /// Its audience.
    pub audience: String,
}

impl Application {
    pub(crate) fn add(
        deployment: &Deployment,
        numbers: &Numbers,
        settings: &ApplicationSettings<'_>,
    ) -> Result<Self> {
        let host = format!("host-{}.{}", numbers.next(), settings.site);
        Self::add_at(deployment, numbers, (&host, ""), settings)
    }

    /// Adds one at a hostname, below a path prefix, which is empty for the whole host.
    pub(crate) fn add_at(
        deployment: &Deployment,
        numbers: &Numbers,
        (host, prefix): (&str, &str),
        settings: &ApplicationSettings<'_>,
    ) -> Result<Self> {
        let name = format!("app-{}", numbers.next());
        let origin = deployment.origin_of(host);
        let audience = deployment.control.add_application(&NewApplication {
            name: &name,
            origin: &format!("{origin}{prefix}"),
            session_duration: settings.session_duration,
            binding_cookie: settings.binding_cookie,
            http_only: settings.http_only,
            same_site: settings.same_site,
            allow: settings.allow.clone(),
            options: settings.options,
        })?;
        Ok(Self {
            name,
            host: host.to_owned(),
            origin,
            audience,
        })
    }

    /// The same application at another hostname, if it is reached at every one below its domain.
    #[must_use]
    pub fn at(&self, label: &str) -> Self {
        Self {
            host: self.host.replacen('*', label, 1),
            origin: self.origin.replacen('*', label, 1),
            ..self.clone()
        }
    }

    /// The URL of a path on it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What `host` says in a request to it.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.origin.trim_start_matches("https://")
    }

    /// The bytes of a sub-request to it; `headers` are whole lines with their ends.
    #[must_use]
    pub fn sub_request(&self, path: &str, headers: &str) -> Vec<u8> {
        let authority = self.authority();
        format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\n\
             X-Requested-With: XMLHttpRequest\r\n{headers}\r\n"
        )
        .into_bytes()
    }
}
