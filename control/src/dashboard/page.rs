//! A page and its rule.

use std::sync::Arc;

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};

use super::path::PATH;
use crate::administration::role::Role;
use crate::api::administrator::Scope;
use crate::service::Service;

/// The most bytes of a form.
const MAX_FORM_BYTES: usize = 16 * 1024;
/// The most bytes of the form of an application.
const MAX_APPLICATION_BYTES: usize = 256 * 1024;
/// The most bytes of a form with a policy of up to 256 KB, whose quotes are escaped in it.
const MAX_POLICY_BYTES: usize = 1024 * 1024;

/// A page, with its handler.
pub struct Page {
    /// Who may see it.
    pub rule: Rule,
    /// Its handler.
    pub route: MethodRouter<Arc<Service>>,
}

/// What a page needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its method: GET, which answers HEAD, too, or POST.
    pub method: Method,
    /// Its path below [`PATH`].
    pub path: &'static str,
    /// The scope without which nobody gets it; `None`: every role suffices.
    pub scope: Option<Scope>,
    /// The most bytes of its form.
    pub max_form_bytes: usize,
}

impl Page {
    /// A page that shows something and changes nothing.
    pub fn get<H, T>(path: &'static str, scope: impl Into<Option<Scope>>, handler: H) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        let rule = Rule::new(Method::GET, path, scope.into());
        let route = get(handler);
        Self { rule, route }
    }

    /// The target of a form.
    pub fn post<H, T>(path: &'static str, scope: impl Into<Option<Scope>>, handler: H) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        let rule = Rule::new(Method::POST, path, scope.into());
        let route = post(handler);
        Self { rule, route }
    }

    /// With a form that can hold an application.
    pub fn for_application(mut self) -> Self {
        self.rule.max_form_bytes = MAX_APPLICATION_BYTES;
        self
    }

    /// With a form that can hold a policy, and one of its rules once more.
    pub fn for_policy(mut self) -> Self {
        self.rule.max_form_bytes = MAX_POLICY_BYTES;
        self
    }
}

impl Rule {
    fn new(method: Method, path: &'static str, scope: Option<Scope>) -> Self {
        Self {
            method,
            path,
            scope,
            max_form_bytes: MAX_FORM_BYTES,
        }
    }

    /// Its whole path.
    pub fn url(&self) -> String {
        format!("{PATH}{}", self.path)
    }

    /// Whether a role suffices.
    pub fn admits(&self, role: Role) -> bool {
        self.scope.is_none_or(|scope| role.may(scope))
    }
}
