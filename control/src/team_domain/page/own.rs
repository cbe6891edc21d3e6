//! What surrounds the pages about people's own affairs: `templates/own.html`. They look like the dashboard.

use axum::http::HeaderMap;

use super::csrf::FormGuard;
use crate::administration::roles::role_of;
use crate::dashboard::assets::directory;
use crate::dashboard::theme::Theme;
use crate::service::Service;
use crate::storage::{Session, StorageError};

/// The pages, in the order of their links.
const PAGES: [(&str, &str); 3] = [
    ("/", "Your applications"),
    ("/sessions", "Your sessions"),
    ("/tokens", "Tokens for scripts"),
];
const PASSWORD: (&str, &str) = ("/password", "Change your password");
const DASHBOARD: (&str, &str) = ("/dashboard", "Dashboard");

/// What `own.html` needs; pages have it as their field `own`.
pub struct Own {
    /// Whether the service runs as a demo.
    pub demo: bool,
    /// Where style and scripts are.
    pub assets: &'static str,
    /// The theme that was chosen; empty: the system's.
    pub theme: &'static str,
    /// The person's e-mail address.
    pub email: String,
    /// The token of every form.
    pub csrf_token: String,
    /// The other pages.
    pub links: Vec<OwnLink>,
}

/// A link of the navigation.
pub struct OwnLink {
    /// Its target.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
    /// Whether this is the page.
    pub is_here: bool,
}

impl Own {
    /// For the page at the path `here`. Who signs in with a provider has no password, and only who has a
    /// role has a dashboard.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn of(
        service: &Service,
        (headers, guard): (&HeaderMap, &FormGuard),
        session: &Session,
        here: &str,
    ) -> Result<Self, StorageError> {
        let password = session.provided.is_none().then_some(PASSWORD);
        let role = role_of(service, session).await?;
        let dashboard = role.map(|_| DASHBOARD);
        let pages = PAGES.into_iter().chain(password).chain(dashboard);
        Ok(Self {
            demo: service.config.server.demo,
            assets: directory(),
            theme: Theme::of(headers).map_or("", Theme::name),
            email: session.email.clone(),
            csrf_token: guard.token(),
            links: pages
                .map(|(path, text)| OwnLink {
                    path,
                    text,
                    is_here: path == here,
                })
                .collect(),
        })
    }
}
