//! `GET /login/{id}`: the browser is sent to the provider.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;

use super::super::super::page::csrf::FormGuard;
use super::super::super::page::failure::Failure;
use super::super::super::page::redirect::redirect;
use super::super::attempt::{self, LoginAttempt};
use super::super::complete::SignedIn;
use super::super::demanded::must_sign_in_again;
use super::super::query::LoginQuery;
use super::super::{opener, silent};
use super::failed::FailedSignIn;
use super::pending::{Beginning, Pending};
use crate::audit::source::Source;
use crate::identity_providers::IdentityProvider;
use crate::identity_providers::error::ProviderError;
use crate::identity_providers::provider::AuthorizationRequest;
use crate::service::Service;
use crate::sessions::current;

/// A sign-in with a provider that is to begin.
pub struct Start<'a> {
    /// The provider.
    pub provider: &'a IdentityProvider,
    /// The attempt, if an application sent the browser.
    pub attempt: Option<&'a LoginAttempt>,
    /// The query of the sign-in.
    pub query: &'a LoginQuery,
    /// Whether the user must prove who they are, although the provider may know them.
    pub fresh: bool,
    /// Whether the window stays connected to the frame that opened it.
    pub connected: bool,
    /// Where the request came from.
    pub source: &'a Source,
}

/// `GET /login/{id}`.
pub async fn begin(
    State(service): State<Arc<Service>>,
    (source, uri): (Source, Uri),
    headers: HeaderMap,
    Path(id): Path<String>,
    query: Result<Query<LoginQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let provider = service.identity_providers.by_id(&id);
    let provider = provider.ok_or(Failure::NotFound)?;
    let attempt = attempt::check(&service, &query).await?;
    let attempt = attempt.as_ref();
    if let Some(attempt) = attempt.filter(|attempt| attempt.is_silent) {
        return silent::back_with(attempt, silent::SilentError::LoginRequired);
    }
    let session = current::without_prompt(&service, &headers).await?;
    let mut fresh = query.wants_other_account();
    if let Some(session) = session.as_ref().filter(|_| !fresh) {
        fresh = must_sign_in_again(&service, session, (&query, attempt)).await?;
        let signed_in = SignedIn {
            session,
            redirect: StatusCode::FOUND,
            own_page: &query.own_page(),
            source: source.clone(),
        };
        // Another tab has signed in meanwhile.
        if !fresh && let Some(response) = signed_in.go_back(&service, attempt).await? {
            return Ok(response);
        }
    }
    let start = Start {
        provider,
        attempt,
        query: &query,
        fresh,
        connected: opener::is_connected(&uri, &headers),
        source: &source,
    };
    start.respond(&service, &headers).await
}

impl Start<'_> {
    /// The redirect to the provider, or the page that says why there is none.
    pub async fn respond(
        &self,
        service: &Service,
        headers: &HeaderMap,
    ) -> Result<Response, Failure> {
        let query = match self.attempt {
            Some(attempt) => attempt.query(),
            None => self.query.of_own_page(),
        };
        let pending = Pending::begin(
            service,
            &Beginning {
                provider: self.provider.id(),
                query: &query,
                fresh: self.fresh || demands_fresh(service, self.attempt).await?,
                connected: self.connected,
                trial_of: None,
            },
        )
        .await?;
        match to_provider(service, headers, (self.provider, &pending)).await? {
            Ok(response) => Ok(response),
            Err(error) => {
                let failed = FailedSignIn {
                    provider: self.provider,
                    query: &query,
                    source: self.source,
                };
                failed.by_error(service, &error).await
            }
        }
    }
}

/// The redirect to the provider, with the cookies of the attempt; or why there is none.
pub(super) async fn to_provider(
    service: &Service,
    headers: &HeaderMap,
    (provider, pending): (&IdentityProvider, &Pending),
) -> Result<Result<Response, ProviderError>, Failure> {
    let request = AuthorizationRequest {
        redirect_uri: &provider.settings().redirect_uri(&service.team_domain),
        state: &pending.state(),
        nonce: &pending.nonce(),
        code_challenge: &pending.challenge(),
        fresh: pending.is_fresh(),
    };
    let url = match provider.authorization_url(&request).await {
        Ok(url) => url,
        Err(error) => return Ok(Err(error)),
    };
    let mut response = redirect(StatusCode::FOUND, &url)?;
    // Ties the sessions of one browser together.
    let guard = FormGuard::of(headers, service.random.as_ref())?.cookie();
    let cookies = pending.cookies(service, headers)?;
    for cookie in cookies.into_iter().chain(guard) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(Ok(response))
}

/// Whether the application wants everybody to have proven who they are since a revocation. The
/// provider may know the person from before.
async fn demands_fresh(service: &Service, attempt: Option<&LoginAttempt>) -> Result<bool, Failure> {
    let Some(attempt) = attempt else {
        return Ok(false);
    };
    let audience = &attempt.application.audience;
    Ok(service.storage.demands_fresh_sign_ins(audience).await?)
}
