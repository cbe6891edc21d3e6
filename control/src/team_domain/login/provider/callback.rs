//! `/callback/{id}`: the browser comes back from a provider.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use portcullis::time::UnixMillis;
use serde::Deserialize;

use super::super::super::client::Client;
use super::super::super::page::failure::Failure;
use super::super::super::page::redirect::redirect;
use super::super::attempt::{self, LoginAttempt};
use super::super::complete::CompletedSignIn;
use super::super::opener;
use super::super::query::LoginQuery;
use super::failed::{FailedSignIn, lost};
use super::login_path;
use super::pending::{Found, Pending};
use super::trial;
use crate::identity_providers::IdentityProvider;
use crate::identity_providers::error::{ErrorCode, ProviderError};
use crate::identity_providers::identity::ProvenIdentity;
use crate::identity_providers::provider::{CallbackAnswer, Expected};
use crate::service::Service;
use crate::sessions::current;
use crate::sign_in::begin::Authenticated;
use crate::sign_in::provider::{EndedAttempt, ProvenUser};
use crate::tokens::secret::Plain;

const MAX_CODE_BYTES: usize = 4 * 1024;

/// What the provider answers (RFC 6749, section 4.1.2; RFC 9207). Its other parameters, such as free
/// text about an error, are not read.
#[derive(Default, Deserialize)]
pub struct Answer {
    #[serde(default)]
    state: String,
    code: Option<Plain>,
    error: Option<String>,
    iss: Option<String>,
}

/// An answer to an attempt of this browser.
struct Answered<'a> {
    provider: &'a IdentityProvider,
    pending: Box<Pending>,
    query: LoginQuery,
    answer: Answer,
    client: &'a Client<'a>,
}

/// `POST /callback/{id}` (OAuth 2.0 Form Post Response Mode). The browser sends no `SameSite=Lax`
/// cookie with it, so it changes nothing, and leads to the GET.
pub async fn post(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    form: Result<Form<Answer>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(answer) = form.map_err(|_| Failure::BadForm)?;
    let provider = service.identity_providers.by_id(&id);
    let provider = provider.ok_or(Failure::NotFound)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", &answer.state);
    for (name, value) in [
        ("code", answer.code.as_ref().map(Plain::reveal)),
        ("error", answer.error.as_deref()),
        ("iss", answer.iss.as_deref()),
    ] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let path = provider.settings().callback_path();
    redirect(StatusCode::SEE_OTHER, &format!("{path}?{}", query.finish()))
}

/// `GET /callback/{id}`.
pub async fn finish(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Result<Query<Answer>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(answer) = query.map_err(|_| Failure::BadQuery)?;
    let provider = service.identity_providers.by_id(&id);
    let provider = provider.ok_or(Failure::NotFound)?;
    let client = Client {
        peer,
        headers: &headers,
    };
    // Another control service may have begun the attempt, with a seal key that this one must read first.
    service.keys().await?;
    match Pending::of_state(&service, &headers, provider.id(), &answer.state) {
        Found::Attempt(pending, query) => {
            let answered = Answered {
                provider,
                pending,
                query,
                answer,
                client: &client,
            };
            answered.respond(&service).await
        }
        Found::Lost(query) => {
            let session = current::without_prompt(&service, &headers).await?;
            match query {
                // Another tab has signed in: the user goes on where they were going.
                Some(query) if session.is_some() => {
                    let shown = query.shown(service.now());
                    redirect(StatusCode::FOUND, &query.to_path("/login", shown))
                }
                query => {
                    let source = client.source(&service);
                    lost(&service, (provider, &source), query.as_ref()).await
                }
            }
        }
    }
}

impl Answered<'_> {
    /// Ends the attempt, whatever comes of it.
    async fn respond(&self, service: &Service) -> Result<Response, Failure> {
        let mut response = self.outcome(service).await?;
        let headers = response.headers_mut();
        if let Some(cookie) = self.pending.forget() {
            headers.append(header::SET_COOKIE, cookie);
        }
        if self.pending.is_connected() {
            headers.insert(opener::OPENER_POLICY, opener::CONNECTED);
        }
        Ok(response)
    }

    async fn outcome(&self, service: &Service) -> Result<Response, Failure> {
        let source = self.client.source(service);
        let failed = FailedSignIn {
            provider: self.provider,
            query: &self.query,
            source: &source,
        };
        // Before anything is asked of the provider.
        let attempt = attempt::check(service, &self.query).await?;
        let limits = &service.provider_limits;
        let key = limits.key(self.client.address(service));
        limits.take(key, service.clock.now())?;
        if !service.used_attempts.take(self.pending.id(), service.now()) {
            return lost(service, (self.provider, &source), Some(&self.query)).await;
        }
        let asked_at = service.clock.now();
        if let Some(session) = self.pending.trial_of() {
            return match trial::is_theirs(service, self.client, session).await? {
                true => {
                    let tried = self.tried(service).await;
                    limits.give_back(key);
                    tried
                }
                false => lost(service, (self.provider, &source), Some(&self.query)).await,
            };
        }
        let proven = match self.proven(service).await {
            Ok(proven) => proven,
            Err(NotProven::Reported(code)) => return failed.by_code(service, &code).await,
            Err(NotProven::Failed(error)) => return failed.by_error(service, &error).await,
        };
        limits.give_back(key);
        self.sign_in(service, attempt.as_ref(), (proven, asked_at))
            .await
    }

    /// What an administrator sees who tries the provider.
    async fn tried(&self, service: &Service) -> Result<Response, Failure> {
        match self.proven(service).await {
            Ok(proven) => trial::succeeded(service, self.provider, &proven),
            Err(NotProven::Reported(code)) => {
                let meaning = "The provider reports this error, and signed nobody in.";
                trial::failed(service, self.provider, (code.as_str(), meaning))
            }
            Err(NotProven::Failed(error)) => {
                let meaning = error.to_string();
                trial::failed(service, self.provider, (error.reason(), &meaning))
            }
        }
    }

    /// Who signed in, by the provider's word.
    async fn proven(&self, service: &Service) -> Result<ProvenIdentity, NotProven> {
        let iss = self.answer.iss.as_deref();
        if let Some(error) = &self.answer.error {
            self.provider.check_callback_issuer(iss).await?;
            return Err(NotProven::Reported(ErrorCode::new(error)));
        }
        let code = self.answer.code.as_ref();
        let code = code.filter(|code| (1..=MAX_CODE_BYTES).contains(&code.reveal().len()));
        let Some(code) = code else {
            return Err(NotProven::Reported(ErrorCode::new("code_missing")));
        };
        let expected = Expected {
            redirect_uri: &self.provider.settings().redirect_uri(&service.team_domain),
            nonce: &self.pending.nonce(),
            code_verifier: &self.pending.verifier(),
            fresh_since: self.pending.is_fresh().then(|| self.pending.begun()),
        };
        let answer = CallbackAnswer { code, iss };
        Ok(self.provider.sign_in(&answer, &expected).await?)
    }

    async fn sign_in(
        &self,
        service: &Service,
        attempt: Option<&LoginAttempt>,
        (proven, asked_at): (ProvenIdentity, UnixMillis),
    ) -> Result<Response, Failure> {
        let (providers, random) = (&service.identity_providers, service.random.as_ref());
        let ended = EndedAttempt {
            begun: self.pending.begun(),
            version: self.pending.version(),
            fresh: self.pending.is_fresh(),
            asked_at,
        };
        let user = ProvenUser::new(proven, &ended, providers, random)?;
        let completed = CompletedSignIn {
            user: Authenticated::Provider(&user),
            client: self.client,
            attempt,
            own_page: &self.query.own_page(),
            redirect: StatusCode::FOUND,
            again: &login_path(self.provider.id()),
        };
        match completed.respond(service).await? {
            Some(response) => Ok(response),
            None => {
                let source = self.client.source(service);
                lost(service, (self.provider, &source), Some(&self.query)).await
            }
        }
    }
}

/// Why nobody is proven to have signed in.
enum NotProven {
    /// The provider reports an error.
    Reported(ErrorCode),
    /// The provider, or what it says, is of no use.
    Failed(ProviderError),
}

impl From<ProviderError> for NotProven {
    fn from(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}
