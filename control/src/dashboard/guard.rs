//! What stands before every page. In this order: size and origin of a form, the session, the role.
//!
//! All of it is judged at every request, so that a role that is taken away is gone at the next one.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::MethodRouter;

use super::allowed::{Allowed, here};
use super::fields::Fields;
use super::once::{self, Outcome};
use super::page::{Page, Rule};
use super::refusal;
use crate::administration::roles::role_of;
use crate::audit::source::Source;
use crate::service::Service;
use crate::sessions::current;
use crate::team_domain::page::csrf::{self, FormGuard};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::sign_in_first;

/// A page, with what its guard judges by.
#[derive(Clone)]
struct Guarded {
    service: Arc<Service>,
    rule: Arc<Rule>,
    /// The rules of all pages.
    rules: Arc<[Rule]>,
}

/// A page behind its guard.
pub fn guarded(
    page: Page,
    (service, rules): (&Arc<Service>, &Arc<[Rule]>),
) -> MethodRouter<Arc<Service>> {
    let state = Guarded {
        service: Arc::clone(service),
        rule: Arc::new(page.rule),
        rules: Arc::clone(rules),
    };
    let guard = middleware::from_fn_with_state(state, admit);
    page.route.route_layer(guard)
}

async fn admit(
    State(guarded): State<Guarded>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let service = Arc::clone(&guarded.service);
    let (parts, body) = request.into_parts();
    let fields = match parts.method {
        Method::POST => Some(form(&service, &guarded.rule, &parts, body).await?),
        _ => None,
    };
    let guard = FormGuard::of(&parts.headers, service.random.as_ref())?;
    let Some(typed) = fields.clone() else {
        return judge(guarded, (parts, fields), guard, next).await;
    };
    let uri = parts.uri.clone();
    let answer = judge(guarded, (parts, fields), guard.clone(), next).await;
    match is_away(&answer) {
        true => refusal::database_away(&service, &uri, &typed, &guard),
        false => answer,
    }
}

/// Whether the database did not answer, so that nothing came of the request.
fn is_away(answer: &Result<Response, Failure>) -> bool {
    let failure = match answer {
        Ok(response) => response.extensions().get::<Failure>(),
        Err(failure) => Some(failure),
    };
    matches!(failure, Some(Failure::Unavailable(_)))
}

async fn judge(
    guarded: Guarded,
    (mut parts, fields): (Parts, Option<Fields>),
    guard: FormGuard,
    next: Next,
) -> Result<Response, Failure> {
    let Guarded {
        service,
        rule,
        rules,
    } = guarded;
    let Ok(source) = Source::from_request_parts(&mut parts, &service).await;
    let Some(session) = current::current(&service, &parts.headers).await? else {
        return match &fields {
            Some(fields) => refusal::signed_out(&service, &parts.uri, fields, &guard),
            None => sign_in_first(StatusCode::FOUND, &here(&parts)),
        };
    };
    let Some(role) = role_of(&service, &session).await? else {
        return refusal::no_role(&service, &session);
    };
    if !rule.admits(role) {
        return refusal::role_too_low(&service, role, &rule);
    }
    let form = fields.as_ref();
    let id = form.and_then(|fields| once::id(fields, &here(&parts)));
    if let Some(id) = &id
        && let Some(first) = once::before(&service, id, &session).await?
    {
        return Ok(first);
    }
    let guard = (guard, service.random.secret()?);
    let allowed = Allowed::new((&service, rules), (session, role), guard, &parts, source);
    parts.extensions.insert(allowed);
    parts.extensions.insert(fields.unwrap_or_default());
    let request = Request::from_parts(parts, Body::empty());
    match id {
        Some(id) => act(service, id, request, next).await,
        None => Ok(next.run(request).await),
    }
}

/// Acts, and keeps what came of it. A second press makes the browser forget the first request: what it
/// began goes on.
async fn act(
    service: Arc<Service>,
    id: String,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let acted = tokio::spawn(async move {
        let response = next.run(request).await;
        let outcome = Outcome::of(&response);
        if let Err(error) = outcome.keep(&service, &id).await {
            tracing::warn!(?error, "what became of a form is not kept");
        }
        response
    });
    let acted = acted.await;
    acted.map_err(|_| Failure::Broken("the handler of a form panicked"))
}

/// The form, if it comes from our own page in this browser.
async fn form(
    service: &Service,
    rule: &Rule,
    parts: &Parts,
    body: Body,
) -> Result<Fields, Failure> {
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.map_or("", |kind| kind.to_str().unwrap_or_default());
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Failure::BadForm);
    }
    let bytes = to_bytes(body, rule.max_form_bytes).await;
    let fields = Fields::parse(&bytes.map_err(|_| Failure::BadForm)?);
    let team_domain = service.team_domain.to_string();
    csrf::check(&parts.headers, fields.text("csrf_token"), &team_domain)?;
    Ok(fields)
}
