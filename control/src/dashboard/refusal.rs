//! The pages of those who may not see a page.

use askama::Template;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::fields::Fields;
use super::page::Rule;
use crate::administration::role::Role;
use crate::audit::source::Source;
use crate::metrics::refusals::Endpoint;
use crate::service::Service;
use crate::storage::Session;
use crate::team_domain::page::csrf::FormGuard;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::message::{Message, render, render_form};

/// The form of somebody who is not signed in any more, to be sent again. It shows nothing that the
/// form did not bring.
#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutTemplate<'a> {
    demo: bool,
    action: &'a str,
    csrf_token: String,
    fields: Vec<(&'a str, &'a str)>,
}

/// A form of nobody. A redirect to the sign-in would lose it.
pub fn signed_out(
    service: &Service,
    uri: &Uri,
    fields: &Fields,
    guard: &FormGuard,
) -> Result<Response, Failure> {
    count(service, "signed_out");
    let page = SignedOutTemplate {
        demo: service.config.server.demo,
        action: uri
            .path_and_query()
            .map_or(uri.path(), |here| here.as_str()),
        csrf_token: guard.token(),
        fields: fields
            .iter()
            .filter(|(name, _)| *name != "csrf_token")
            .collect(),
    };
    render_form(StatusCode::UNAUTHORIZED, &page, guard)
}

/// A person without a role.
pub fn no_role(service: &Service, session: &Session) -> Result<Response, Failure> {
    let who = match session.email.as_str() {
        "" => session.user_id.as_str(),
        email => email,
    };
    refused(
        service,
        "no_role",
        "You have no access to the dashboard",
        vec![
            format!("You are signed in as {who}. This account has no role in the dashboard."),
            "If it should have one, ask an administrator of this service. They can give it on the page \
             Administrators, or where the service runs:"
                .to_owned(),
            format!("portcullis-control user role {who} viewer"),
        ],
    )
}

/// A person whose role does not suffice.
pub fn role_too_low(service: &Service, role: Role, rule: &Rule) -> Result<Response, Failure> {
    let needed = rule.scope.map_or(Role::Viewer, Role::lowest_with);
    refused(
        service,
        "role_too_low",
        "Your role does not allow that",
        vec![
            format!("Your role is {role}. This page needs the role {needed}. Nothing was changed."),
            "If you should have it, ask an administrator of this service.".to_owned(),
        ],
    )
}

/// Somebody in a network from which the dashboard does not answer.
pub fn source(service: &Service, source: &Source) -> Result<Response, Failure> {
    let address = source.address.map(|address| address.to_string());
    tracing::info!(address, "the dashboard does not answer this address");
    refused(
        service,
        "source_refused",
        "Not from this network",
        vec![
            format!(
                "The dashboard does not answer your address, {}.",
                address.unwrap_or_else(|| "which is not known".to_owned())
            ),
            "Use the network from which your team administers, such as its VPN.".to_owned(),
        ],
    )
}

fn refused(
    service: &Service,
    reason: &'static str,
    title: &str,
    paragraphs: Vec<String>,
) -> Result<Response, Failure> {
    count(service, reason);
    let message = Message {
        demo: service.config.server.demo,
        title: title.to_owned(),
        paragraphs,
        link: Some(("/".to_owned(), "Your applications".to_owned())),
        second: Some((
            "/login?other_account=true&return_to=/dashboard".to_owned(),
            "Use another account".to_owned(),
        )),
        reason: Some(reason.to_owned()),
        ..Message::default()
    };
    render(StatusCode::FORBIDDEN, &message)
}

fn count(service: &Service, reason: &'static str) {
    service.metrics.refusals.count(Endpoint::Page, reason);
}
