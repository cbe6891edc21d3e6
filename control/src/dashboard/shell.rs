//! What surrounds every page: navigation, the person, the theme.

use super::assets::directory;
use super::navigation::{self, Link};
use super::page::Rule;
use super::shown::Shown;
use super::theme::Theme;
use crate::administration::role::Role;
use crate::storage::Session;
use crate::team_domain::page::csrf::FormGuard;

/// What `dashboard/base.html` needs; pages have it as their field `shell`.
pub struct Shell {
    /// Whether the service runs as a demo.
    pub demo: bool,
    /// Where style and scripts are.
    pub assets: &'static str,
    /// The person's e-mail address.
    pub who: Shown,
    /// Their role.
    pub role: &'static str,
    /// The token of every form.
    pub csrf_token: String,
    /// A random value, with which a form acts once.
    pub once: String,
    /// The theme that was chosen; empty: the system's.
    pub theme: &'static str,
    /// The page, to return to.
    pub here: String,
    /// The sections of the site.
    pub sections: Vec<Link>,
    /// The pages of this section, if it has several.
    pub tabs: Vec<Link>,
}

impl Shell {
    pub(super) fn new(
        session: &Session,
        (role, rules): (Role, &[Rule]),
        (path, here): (&str, &str),
    ) -> Self {
        let who = match (session.email.as_str(), &session.provided) {
            // The provider may not speak for an address.
            ("", Some(provided)) => Shown::new(&format!("a person of {}", provided.provider_id)),
            (email, _) => Shown::new(email),
        };
        Self {
            demo: false,
            assets: directory(),
            who,
            role: role.label(),
            csrf_token: String::new(),
            once: String::new(),
            theme: "",
            here: here.to_owned(),
            sections: navigation::sections(rules, role, path),
            tabs: navigation::tabs(rules, role, path),
        }
    }

    pub(super) fn with_guard(mut self, guard: &FormGuard, once: &str) -> Self {
        self.csrf_token = guard.token();
        once.clone_into(&mut self.once);
        self
    }

    pub(super) fn in_theme(mut self, theme: Option<Theme>) -> Self {
        self.theme = theme.map_or("", Theme::name);
        self
    }

    pub(super) fn for_demo(mut self, demo: bool) -> Self {
        self.demo = demo;
        self
    }
}
