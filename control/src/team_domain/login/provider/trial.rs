//! *Try it*: a sign-in with a provider that shows an administrator what the provider says, and changes
//! nothing: no session begins, nobody becomes a user, the audit log has no line.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use portcullis::protocol::base64url;
use serde_json::{Map, Value};

use super::super::super::client::Client;
use super::super::super::page::failure::Failure;
use super::super::super::page::message::render;
use super::super::super::page::time::ShownTime;
use super::super::query::LoginQuery;
use super::begin::to_provider;
use super::pending::{Beginning, Pending};
use crate::administration::roles::role_of;
use crate::api::scope::Scope;
use crate::dashboard::shown::Shown;
use crate::identity_providers::IdentityProvider;
use crate::identity_providers::identity::ProvenIdentity;
use crate::service::Service;
use crate::sessions::current;
use crate::sign_in::provider::identity_email;
use crate::storage::Session;
use crate::tokens::secret::Plain;

/// Who may do it. It concerns nobody but the person who does.
pub const NEEDS: Scope = Scope::SettingsWrite;

#[derive(Template)]
#[template(path = "trial.html")]
struct TrialTemplate {
    demo: bool,
    provider: Shown,
    /// Why nobody would be signed in: a word for programs, and what it means.
    failed: Option<(String, Shown)>,
    /// What counts: name and value.
    facts: Vec<(&'static str, Shown)>,
    /// When they signed in at the provider, if it says so.
    auth_time: Option<ShownTime>,
    /// The claims of the ID token: lines of JSON.
    claims: Vec<Shown>,
}

/// Sends the browser to the provider.
///
/// # Errors
/// When there is no such provider, or no attempt can begin.
pub async fn begin(
    service: &Service,
    (session, headers): (&Session, &HeaderMap),
    id: &str,
) -> Result<Response, Failure> {
    let provider = service.identity_providers.by_id(id);
    let provider = provider.ok_or(Failure::NotFound)?;
    let beginning = Beginning {
        provider: provider.id(),
        query: &LoginQuery::default(),
        fresh: false,
        connected: false,
        trial_of: Some(&session.id),
    };
    let pending = Pending::begin(service, &beginning).await?;
    tracing::info!(
        provider = provider.id(),
        by = session.email,
        "an administrator tries a provider"
    );
    match to_provider(service, headers, (provider, &pending)).await? {
        Ok(response) => Ok(response),
        Err(error) => failed(service, provider, (error.reason(), &error.to_string())),
    }
}

/// Whether this browser is still signed in as the administrator who began the trial.
pub async fn is_theirs(
    service: &Service,
    client: &Client<'_>,
    session_id: &str,
) -> Result<bool, Failure> {
    if !service.config.dashboard.answers(client.address(service)) {
        return Ok(false);
    }
    let session = current::current(service, client.headers).await?;
    let Some(session) = session.filter(|session| session.id == session_id) else {
        return Ok(false);
    };
    let role = role_of(service, &session).await?;
    Ok(role.is_some_and(|role| role.may(NEEDS)))
}

/// The page with what the provider says.
///
/// # Errors
/// When the page cannot be made.
pub fn succeeded(
    service: &Service,
    provider: &IdentityProvider,
    proven: &ProvenIdentity,
) -> Result<Response, Failure> {
    let page = TrialTemplate {
        facts: facts(service, proven),
        auth_time: proven.authentication.auth_time.map(ShownTime::at),
        claims: proven
            .id_token
            .as_ref()
            .and_then(claims)
            .unwrap_or_default(),
        ..TrialTemplate::of(service, provider)
    };
    render(StatusCode::OK, &page)
}

/// The page that says why nobody would be signed in.
///
/// # Errors
/// When the page cannot be made.
pub fn failed(
    service: &Service,
    provider: &IdentityProvider,
    (reason, meaning): (&str, &str),
) -> Result<Response, Failure> {
    tracing::info!(
        provider = provider.id(),
        reason,
        "the trial of a provider failed"
    );
    let page = TrialTemplate {
        failed: Some((reason.to_owned(), Shown::new(meaning))),
        ..TrialTemplate::of(service, provider)
    };
    render(StatusCode::OK, &page)
}

impl TrialTemplate {
    fn of(service: &Service, provider: &IdentityProvider) -> Self {
        Self {
            demo: service.config.server.demo,
            provider: Shown::new(provider.name()),
            failed: None,
            facts: Vec::new(),
            auth_time: None,
            claims: Vec::new(),
        }
    }
}

fn facts(service: &Service, proven: &ProvenIdentity) -> Vec<(&'static str, Shown)> {
    let email = identity_email(&service.identity_providers, proven);
    let email = match email {
        None => "none".to_owned(),
        Some(email) if email.is_believed => format!("{}, which policies go by", email.shown),
        Some(email) => format!(
            "{}, which is shown, but policies ignore it: the provider may not speak for its domain",
            email.shown
        ),
    };
    let groups = if proven.groups.is_empty() {
        "none".to_owned()
    } else {
        let qualified = proven.groups.iter();
        let qualified = qualified.map(|group| format!("{}:{group}", proven.provider_id));
        qualified.collect::<Vec<_>>().join(", ")
    };
    let authentication = &proven.authentication;
    let facts = [
        ("Subject", proven.subject.clone()),
        ("E-mail address", email),
        ("Name", proven.name.clone().unwrap_or_default()),
        ("Groups", groups),
        ("Claims that are kept", shown_claims(&proven.claims)),
        ("Ways to sign in (amr)", authentication.amr.join(", ")),
        (
            "Class (acr)",
            authentication.acr.clone().unwrap_or_default(),
        ),
        (
            "Refresh token",
            match proven.refresh_token {
                Some(_) => "yes".to_owned(),
                None => "no: the provider cannot be asked again without a prompt".to_owned(),
            },
        ),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
    facts
        .map(|(name, value)| (name, Shown::new(&value)))
        .collect()
}

fn shown_claims(claims: &Map<String, Value>) -> String {
    let claims = claims.iter();
    let claims = claims.map(|(name, value)| format!("{name} = {value}"));
    claims.collect::<Vec<_>>().join(", ")
}

/// The claims of a verified ID token.
fn claims(id_token: &Plain) -> Option<Vec<Shown>> {
    let payload = id_token.reveal().split('.').nth(1)?;
    let payload = base64url::decode(payload.as_bytes())?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let text = serde_json::to_string_pretty(&claims).ok()?;
    Some(text.lines().map(Shown::new).collect())
}
