//! The pages of those who may not see a page.

use askama::Template;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::allowed::Allowed;
use super::fields::Fields;
use super::page::Rule;
use super::path::PATH;
use crate::administration::role::Role;
use crate::audit::source::Source;
use crate::metrics::refusals::Endpoint;
use crate::service::Service;
use crate::storage::Session;
use crate::team_domain::page::csrf::FormGuard;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::message::{Message, render_form};

/// A form that was not acted on, to be sent again. The page shows nothing that the form did not bring.
#[derive(Template)]
#[template(path = "form_kept.html")]
struct FormKeptTemplate<'a> {
    demo: bool,
    title: &'a str,
    text: &'a str,
    reason: &'a str,
    /// Where to sign in first; empty if that does not help.
    sign_in: &'a str,
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
    let kept = Kept {
        status: StatusCode::UNAUTHORIZED,
        title: "You were signed out",
        text: SIGN_IN,
        reason: "signed_out",
        sign_in: "/login?return_to=/dashboard",
        action: here(uri),
    };
    kept.respond(service, fields, guard)
}

/// A form of somebody whose sign-in is too old for what it does.
pub fn sign_in_too_old(
    service: &Service,
    person: &Allowed,
    fields: &Fields,
) -> Result<Response, Failure> {
    let kept = Kept {
        status: StatusCode::UNAUTHORIZED,
        title: "Please sign in again",
        text: SIGN_IN,
        reason: "sign_in_too_old",
        sign_in: "/login?prompt=login&return_to=/dashboard",
        action: person.here(),
    };
    kept.respond(service, fields, person.guard())
}

/// A form of which nothing came, because the database does not answer.
pub fn database_away(
    service: &Service,
    uri: &Uri,
    fields: &Fields,
    guard: &FormGuard,
) -> Result<Response, Failure> {
    let kept = Kept {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "The database does not answer",
        text: "Nothing was changed, and what you typed is kept on this page. Send it again from here in a \
               moment.",
        reason: "unavailable",
        sign_in: "",
        action: here(uri),
    };
    kept.respond(service, fields, guard)
}

/// Where a form was sent.
fn here(uri: &Uri) -> &str {
    uri.path_and_query()
        .map_or(uri.path(), |here| here.as_str())
}

const SIGN_IN: &str = "Nothing was changed, and what you typed is kept on this page. Sign in in a new tab, \
                       then send it again from here.";

/// Why a form is kept, and where it can be sent again.
struct Kept<'a> {
    status: StatusCode,
    title: &'a str,
    text: &'a str,
    reason: &'static str,
    sign_in: &'a str,
    action: &'a str,
}

impl Kept<'_> {
    fn respond(
        &self,
        service: &Service,
        fields: &Fields,
        guard: &FormGuard,
    ) -> Result<Response, Failure> {
        count(service, self.reason);
        let page = FormKeptTemplate {
            demo: service.config.server.demo,
            title: self.title,
            text: self.text,
            reason: self.reason,
            sign_in: self.sign_in,
            action: self.action,
            csrf_token: guard.token(),
            fields: fields
                .iter()
                .filter(|(name, _)| *name != "csrf_token")
                .collect(),
        };
        render_form(self.status, &page, guard)
    }
}

/// A form that was sent before. What it made was shown once.
pub fn done_already(service: &Service) -> Result<Response, Failure> {
    conflict(
        service,
        "already_made",
        "This was done already",
        "The form was sent twice, and acted once. What it made was shown then, and is not shown again.",
    )
}

/// A form that was sent before, and of which nothing has come yet.
pub fn still_running(service: &Service) -> Result<Response, Failure> {
    conflict(
        service,
        "still_running",
        "This was sent already",
        "The form was sent twice, and the first time is not done yet, or was cut short. The page of what it \
         is about shows whether it has taken effect.",
    )
}

fn conflict(
    service: &Service,
    reason: &'static str,
    title: &str,
    paragraph: &str,
) -> Result<Response, Failure> {
    count(service, reason);
    let message = Message {
        demo: service.config.server.demo,
        title: title.to_owned(),
        paragraphs: vec![paragraph.to_owned()],
        link: Some((PATH.to_owned(), "Dashboard".to_owned())),
        reason: Some(reason.to_owned()),
        ..Message::default()
    };
    message.refuse(StatusCode::CONFLICT)
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
    message.refuse(StatusCode::FORBIDDEN)
}

fn count(service: &Service, reason: &'static str) {
    service.metrics.refusals.count(Endpoint::Page, reason);
}
