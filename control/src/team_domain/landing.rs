//! `GET /`: the start page. It lists the applications that the user may use, or lets them sign in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::page::csrf::FormGuard;
use super::page::failure::Failure;
use super::page::message::{Message, render, render_form};
use super::page::own::Own;
use super::page::time::ShownTime;
use crate::applications::Application;
use crate::eligibility::person_of;
use crate::service::Service;
use crate::sessions::current;
use crate::storage::Session;

const PATH: &str = "/";

#[derive(Template)]
#[template(path = "launcher.html")]
struct LauncherTemplate {
    own: Own,
    applications: Vec<ListedApplication>,
}

/// An application that admits the user.
struct ListedApplication {
    name: String,
    url: Option<String>,
    address: String,
    /// How long it opens without a prompt; `None` if it asks the user to sign in.
    until: Option<ShownTime>,
}

pub async fn landing(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Some(session) = current::current(&service, &headers).await? else {
        return not_signed_in(&service);
    };
    let applications = applications(&service, &session).await?;
    let guard = FormGuard::of(&headers, service.random.as_ref())?;
    let page = LauncherTemplate {
        own: Own::of(&service, (&headers, &guard), &session, PATH).await?,
        applications,
    };
    render_form(StatusCode::OK, &page, &guard)
}

fn not_signed_in(service: &Service) -> Result<Response, Failure> {
    let message = Message {
        demo: service.config.server.demo,
        title: "You are not signed in".to_owned(),
        paragraphs: vec!["Sign in to see the applications that you can use.".to_owned()],
        link: Some(("/login".to_owned(), "Sign in".to_owned())),
        ..Message::default()
    };
    render(StatusCode::OK, &message)
}

/// The applications whose policy admits the user, by name. All others stay unknown to them.
async fn applications(
    service: &Service,
    session: &Session,
) -> Result<Vec<ListedApplication>, Failure> {
    let all = service.storage.applications().await?;
    let demanded = service.storage.demanded_sign_ins(session).await?;
    let person = person_of(session);
    let admit = |one: &Application| one.definition.admit(&person).is_some();
    let listed = all.into_iter().filter(admit).map(|one| {
        let opens = service.single_sign_on() && !demanded.at(&one.audience);
        ListedApplication::of(one, opens.then(|| ShownTime::at(session.expires_at)))
    });
    Ok(listed.collect())
}

impl ListedApplication {
    fn of(application: Application, until: Option<ShownTime>) -> Self {
        let mut places = application.definition.origins.iter();
        // A wildcard has no address of its own to open.
        let exact = places.clone().find(|one| one.origin().exact().is_some());
        let shown = exact.or_else(|| places.next());
        let address = shown.map(ToString::to_string).unwrap_or_default();
        Self {
            url: exact.map(|place| format!("{place}/")),
            name: application.definition.name,
            address: address.trim_start_matches("https://").to_owned(),
            until,
        }
    }
}
