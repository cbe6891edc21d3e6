//! The person who may see a page.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::fields::Fields;
use super::page::Rule;
use super::shell::Shell;
use super::theme::Theme;
use crate::administration::role::Role;
use crate::api::administrator::{Administrator, Scope};
use crate::audit::source::Source;
use crate::service::Service;
use crate::storage::Session;
use crate::team_domain::page::csrf::FormGuard;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::message::render_form;

/// A person whose role suffices for the page. Only the [guard](super::guard) makes one.
#[derive(Clone)]
pub struct Allowed(Arc<Person>);

struct Person {
    session: Session,
    role: Role,
    administrator: Administrator,
    guard: FormGuard,
    demo: bool,
    theme: Option<Theme>,
    path: String,
    here: String,
    once: String,
    rules: Arc<[Rule]>,
}

impl Allowed {
    pub(super) fn new(
        (service, rules): (&Service, Arc<[Rule]>),
        (session, role): (Session, Role),
        (guard, once): (FormGuard, String),
        parts: &Parts,
        source: Source,
    ) -> Self {
        let initiator = source.by(session.actor());
        Self(Arc::new(Person {
            administrator: Administrator::Person { initiator, role },
            session,
            role,
            guard,
            demo: service.config.server.demo,
            theme: Theme::of(&parts.headers),
            path: parts.uri.path().to_owned(),
            rules,
            here: here(parts),
            once,
        }))
    }

    /// Who acts, for whatever the page does.
    pub fn administrator(&self) -> &Administrator {
        &self.0.administrator
    }

    /// The same, with the reason that a form brings for the audit log.
    pub fn acting(&self, fields: &Fields) -> Administrator {
        self.administrator().clone().noting(fields.text("note"))
    }

    /// The global session with which they came.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// Their role.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The rules of all pages.
    pub fn rules(&self) -> &[Rule] {
        &self.0.rules
    }

    /// The page's path and query.
    pub fn here(&self) -> &str {
        &self.0.here
    }

    /// The browser's secret that guards its forms.
    pub(super) fn guard(&self) -> &FormGuard {
        &self.0.guard
    }

    /// Whether their role has a scope, for what a page shows to some of its readers only.
    pub fn may(&self, scope: Scope) -> bool {
        self.0.role.may(scope)
    }

    /// What surrounds the page.
    pub fn shell(&self) -> Shell {
        let person = &self.0;
        let here = (person.path.as_str(), person.here.as_str());
        Shell::new(&person.session, (person.role, &person.rules), here)
            .with_guard(&person.guard, &person.once)
            .in_theme(person.theme)
            .for_demo(person.demo)
    }

    /// The page as a response, which keeps the secret that guards its forms.
    pub fn respond(&self, status: StatusCode, page: &impl Template) -> Result<Response, Failure> {
        render_form(status, page, &self.0.guard)
    }
}

/// The path and query of a request.
pub(super) fn here(parts: &Parts) -> String {
    let here = parts.uri.path_and_query();
    here.map_or_else(|| parts.uri.path().to_owned(), ToString::to_string)
}

impl<S: Sync> FromRequestParts<S> for Allowed {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let allowed = parts.extensions.get::<Self>().cloned();
        allowed.ok_or(Failure::Broken("a page of the dashboard has no guard"))
    }
}
