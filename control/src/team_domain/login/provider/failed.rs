//! Pages of sign-ins with a provider that did not succeed. Each says what to do, and none shows text
//! of the provider but its error code.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::super::super::page::failure::Failure;
use super::super::super::page::message::Message;
use super::super::query::LoginQuery;
use super::login_path;
use crate::audit::source::Source;
use crate::audit::{Actor, Event, EventName, Subject};
use crate::identity_providers::IdentityProvider;
use crate::identity_providers::error::{ErrorCode, ProviderError};
use crate::metrics::SignInResult;
use crate::metrics::refusals::Endpoint;
use crate::service::Service;
use portcullis::protocol::login::LOGIN_PATH;

const RETRY_SECONDS: u16 = 5;
/// The provider is not available now (RFC 6749, section 4.1.2.1).
const AWAY: [&str; 2] = ["temporarily_unavailable", "server_error"];

/// A sign-in that did not succeed.
pub struct FailedSignIn<'a> {
    /// The provider.
    pub provider: &'a IdentityProvider,
    /// Where the user is going.
    pub query: &'a LoginQuery,
    /// Where the request came from.
    pub source: &'a Source,
}

/// What a page says.
struct Told<'a> {
    status: StatusCode,
    title: String,
    paragraphs: Vec<String>,
    reason: &'a str,
}

impl FailedSignIn<'_> {
    /// The page for what went wrong between the service and the provider.
    pub async fn by_error(
        &self,
        service: &Service,
        error: &ProviderError,
    ) -> Result<Response, Failure> {
        let provider = self.provider.id();
        let result = match error {
            ProviderError::Away { .. } => SignInResult::ProviderAway,
            _ => SignInResult::ProviderFailed,
        };
        service.metrics.sign_in(result);
        tracing::warn!(provider, %error, reason = error.reason(), "sign-in with a provider failed");
        let event = failed(self.provider, self.source, error.reason());
        service.tell_of_failure(event).await;
        self.page(service, self.told(error))
    }

    /// The page for an error that the provider itself reports (RFC 6749, section 4.1.2.1).
    pub async fn by_code(&self, service: &Service, code: &ErrorCode) -> Result<Response, Failure> {
        let provider = self.provider.id();
        service.metrics.sign_in(SignInResult::ProviderFailed);
        tracing::info!(provider, %code, "the provider reports that nobody signed in");
        let event = failed(self.provider, self.source, code.as_str());
        service.tell_of_failure(event).await;
        let name = self.provider.name();
        let is_away = AWAY.contains(&code.as_str());
        let told = if is_away {
            self.away(code.as_str())
        } else {
            Told {
                status: StatusCode::FORBIDDEN,
                title: "You are not signed in".to_owned(),
                paragraphs: vec![
                    format!("{name} did not sign you in. Perhaps you cancelled it there."),
                    "If you should have access, try again, or ask your administrator.".to_owned(),
                ],
                reason: code.as_str(),
            }
        };
        self.page(service, told)
    }

    fn told<'t>(&self, error: &'t ProviderError) -> Told<'t> {
        let name = self.provider.name();
        let reason = error.reason();
        let (title, text) = match error {
            ProviderError::Away { .. } => return self.away(reason),
            ProviderError::EmailNotVerified => (
                "Your e-mail address is not verified",
                format!(
                    "{name} does not say that the address is yours. Verify it there, then try again."
                ),
            ),
            ProviderError::EmailInvalid(_) => (
                "Your e-mail address cannot be used",
                format!("Ask your administrator to correct it at {name}."),
            ),
            ProviderError::NotFresh { .. } => (
                "A new sign-in is required",
                format!(
                    "{name} did not say that you have just signed in there. Sign out there, then try again."
                ),
            ),
            _ => {
                return Told {
                    status: StatusCode::BAD_GATEWAY,
                    title: "You are not signed in".to_owned(),
                    paragraphs: vec![
                        format!("The answer of {name} could not be used. This is not your fault."),
                        "Try again. If it happens again, tell your administrator the reason below \
                         and the time at which it happened."
                            .to_owned(),
                    ],
                    reason,
                };
            }
        };
        Told {
            status: StatusCode::FORBIDDEN,
            title: title.to_owned(),
            paragraphs: vec![text],
            reason,
        }
    }

    fn away<'t>(&self, reason: &'t str) -> Told<'t> {
        let name = self.provider.name();
        Told {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: format!("{name} is not available"),
            paragraphs: vec![
                format!(
                    "Signing in with {name} is not possible at the moment. Nothing is wrong with your account."
                ),
                "Applications that you are signed in to go on working.".to_owned(),
            ],
            reason,
        }
    }

    fn page(&self, service: &Service, told: Told<'_>) -> Result<Response, Failure> {
        service
            .metrics
            .refusals
            .count(Endpoint::Page, "provider_sign_in_failed");
        let shown = self.query.shown(service.now());
        let again = self.query.to_path(&login_path(self.provider.id()), shown);
        let others =
            service.identity_providers.all().count() > 1 || service.config.sign_in.passwords;
        let choose = format!("{}&choose", self.query.to_path(LOGIN_PATH, shown));
        let message = Message {
            demo: service.config.server.demo,
            title: told.title,
            paragraphs: told.paragraphs,
            link: Some((again, "Try again".to_owned())),
            second: others.then(|| (choose, "Sign in another way".to_owned())),
            reason: Some(told.reason.to_owned()),
            ..Message::default()
        };
        let mut response = message.refuse(told.status)?;
        if told.status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = HeaderValue::from(RETRY_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        Ok(response)
    }
}

/// What the audit log tells of a sign-in with a provider that did not succeed.
fn failed(provider: &IdentityProvider, source: &Source, reason: &str) -> Event {
    let by = source.clone().by(Actor::Unknown);
    let subject = Subject::new("provider", provider.id(), provider.name());
    Event::new(EventName::SignInFailed, &by, subject).reason(reason)
}

/// The page for an answer that no attempt of this browser awaits: it is too old, or was begun
/// elsewhere, or cookies are blocked. Nothing was asked of the provider.
pub async fn lost(
    service: &Service,
    (provider, source): (&IdentityProvider, &Source),
    query: Option<&LoginQuery>,
) -> Result<Response, Failure> {
    service
        .metrics
        .refusals
        .count(Endpoint::Page, "provider_state_unknown");
    tracing::info!(
        provider = provider.id(),
        is_ours = query.is_some(),
        "an answer of a provider belongs to no sign-in of this browser"
    );
    let event = failed(provider, source, "provider_state_unknown");
    service.tell_of_failure(event).await;
    let link = match query {
        Some(query) => {
            let path = query.to_path(LOGIN_PATH, query.shown(service.now()));
            (path, "Sign in again".to_owned())
        }
        None => ("/".to_owned(), "Go to the start page".to_owned()),
    };
    let message = Message {
        demo: service.config.server.demo,
        title: "Please sign in again".to_owned(),
        paragraphs: vec![
            "This sign-in took too long, or it was begun in another browser. You are not signed in by it."
                .to_owned(),
            "If this happens again, allow cookies for this site.".to_owned(),
        ],
        link: Some(link),
        reason: Some("provider_state_unknown".to_owned()),
        ..Message::default()
    };
    message.refuse(StatusCode::BAD_REQUEST)
}
