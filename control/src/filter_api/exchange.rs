//! `POST exchange`: an exchange code for an application token.
//!
//! Session, user and policy are judged again ([`crate::eligibility`]). The same code and verifier
//! get the same answer for ten seconds, because a filter whose answer was lost repeats the call,
//! perhaps to another replica.

mod secrets;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portcullis::protocol::calls::{BurnAnswer, ExchangeAnswer, ExchangeRequest};
use portcullis::protocol::claims::{ApplicationClaims, Confirmation};
use portcullis::protocol::login;
use portcullis::protocol::origin::Origin;

use super::error::ApiError;
use super::identity::{Body, FilterIdentity};
use super::told::told;
use crate::applications::Application;
use crate::audit::EventName;
use crate::eligibility::{self, Admission, Denied};
use crate::metrics::IssuedFor;
use crate::service::Service;
use crate::storage::{FoundCode, IssuedAnswer, NewCode};
use crate::tokens::secret::{Hashed, Plain, same};
use crate::tokens::told::of_token;
use secrets::Secrets;

const REPEATABLE: Duration = Duration::from_secs(10);

/// A refused exchange, and where the user of its code was going, for the page that the user sees.
pub struct RefusedExchange {
    error: ApiError,
    return_to: Option<String>,
}

impl From<ApiError> for RefusedExchange {
    fn from(error: ApiError) -> Self {
        Self {
            error,
            return_to: None,
        }
    }
}

impl IntoResponse for RefusedExchange {
    fn into_response(self) -> Response {
        self.error.respond(self.return_to)
    }
}

pub async fn exchange(
    State(service): State<Arc<Service>>,
    identity: FilterIdentity,
    Body(request): Body<ExchangeRequest>,
) -> Result<Response, RefusedExchange> {
    let hash = Plain::new(request.code.clone()).hashed();
    let Some(verifier) = request.code_verifier.clone() else {
        let burnt = burn(&service, &identity, &hash).await?;
        let place = burnt.and_then(|code| return_to(&code, &request.origin));
        return Ok(match place {
            Some(return_to) => Json(BurnAnswer { return_to }).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        });
    };
    let place = known_place(&service, &identity, &request.origin).await?;
    let secrets = Secrets {
        code: request.code,
        verifier,
    };
    let found = find(&service, &identity, &hash).await?;
    let exchanged = exchange_found(&service, &identity, &found, &place, &secrets).await;
    exchanged.map_err(|error| RefusedExchange {
        error,
        return_to: return_to(&found.code, &place.origin.to_string()),
    })
}

/// Where the user of a code was going, if that is on this origin: the answer is for no other.
fn return_to(code: &NewCode, origin: &str) -> Option<String> {
    (code.origin == origin).then(|| code.return_to.clone())
}

async fn exchange_found(
    service: &Service,
    identity: &FilterIdentity,
    found: &FoundCode,
    place: &KnownPlace,
    secrets: &Secrets,
) -> Result<Response, ApiError> {
    let hash = &found.code.hash;
    if let Err(error) = check_binding(found, secrets, &place.origin) {
        // The code may be stolen: delete it.
        burn(service, identity, hash).await?;
        return Err(error);
    }
    if found.answer.is_some() {
        return repeat(service, found, secrets).await;
    }
    let admission = judge(service, found, place).inspect_err(|error| log_refusal(found, error))?;
    let (claims, issued) = issue(service, &admission, secrets)?;
    let event = told(EventName::TokenIssued, identity, &claims).for_session();
    let application = &admission.application.definition;
    let event = of_token(event, application, &admission.admitted, &claims);
    if service
        .storage
        .use_code(&found.code, &issued, event)
        .await?
    {
        service.metrics.token_issued(IssuedFor::Exchange);
        let facts = &found.facts;
        tracing::info!(
            session = found.code.shown.session_id,
            email = facts.email(),
            application = facts.application_name(),
            audience = found.code.audience,
            version = facts.version,
            "application token issued"
        );
        return answer(service, found, &issued, secrets).await;
    }
    // Another call used the code meanwhile, or a revocation deleted it.
    let found = find(service, identity, hash).await?;
    repeat(service, &found, secrets).await
}

/// Deletes a code, if there is one that this filter may know of. It answers with the code.
async fn burn(
    service: &Service,
    identity: &FilterIdentity,
    hash: &Hashed,
) -> Result<Option<NewCode>, ApiError> {
    let found = service.storage.code(hash).await?;
    let Some(found) = found.filter(|found| identity.sees(&found.code.audience)) else {
        return Ok(None);
    };
    service.storage.burn_code(hash).await?;
    tracing::info!(
        session = found.code.shown.session_id,
        email = found.facts.email(),
        application = found.facts.application_name(),
        audience = found.code.audience,
        "exchange code invalidated"
    );
    Ok(Some(found.code))
}

fn log_refusal(found: &FoundCode, error: &ApiError) {
    tracing::info!(
        session = found.code.shown.session_id,
        email = found.facts.email(),
        application = found.facts.application_name(),
        audience = found.code.audience,
        %error,
        "no application token"
    );
}

/// An origin, and the applications that are reached there.
struct KnownPlace {
    origin: Origin,
    applications: Vec<Application>,
}

/// The origin, if an application of this credential is reached there.
async fn known_place(
    service: &Service,
    identity: &FilterIdentity,
    origin: &str,
) -> Result<KnownPlace, ApiError> {
    let origin: Origin = origin.parse().map_err(|_| ApiError::OriginUnknown)?;
    let applications = service
        .storage
        .applications_reached_at(&origin, &service.team_domain)
        .await?;
    if applications.iter().any(|one| identity.sees(&one.audience)) {
        Ok(KnownPlace {
            origin,
            applications,
        })
    } else {
        Err(ApiError::OriginUnknown)
    }
}

async fn find(
    service: &Service,
    identity: &FilterIdentity,
    hash: &Hashed,
) -> Result<FoundCode, ApiError> {
    let found = service.storage.code(hash).await?;
    let found = found.ok_or(ApiError::CodeUnknown)?;
    if identity.sees(&found.code.audience) {
        Ok(found)
    } else {
        Err(ApiError::CodeMismatch)
    }
}

fn check_binding(found: &FoundCode, secrets: &Secrets, origin: &Origin) -> Result<(), ApiError> {
    let challenge = login::challenge(&secrets.verifier);
    if same(&challenge, &found.code.challenge) && found.code.origin == origin.to_string() {
        Ok(())
    } else {
        Err(ApiError::CodeMismatch)
    }
}

/// Judges whether the code gives a token.
fn judge<'f>(
    service: &Service,
    found: &'f FoundCode,
    place: &KnownPlace,
) -> Result<Admission<'f>, ApiError> {
    let now = service.now();
    if found.code.expires_at <= now {
        return Err(ApiError::CodeUnknown);
    }
    let mut there = place.applications.iter();
    let is_there = there.any(|one| one.audience == found.code.audience);
    if !is_there || !found.facts.is_at(&place.origin) {
        return Err(ApiError::OriginUnknown);
    }
    eligibility::judge(&found.facts, None, now).map_err(|denied| match denied {
        Denied::NotAdmitted => ApiError::PolicyDenied {
            account: found
                .facts
                .session
                .as_ref()
                .map(|session| session.email.clone()),
        },
        denied => denied.into(),
    })
}

/// The claims of a new token, and the answer from which it can be given again.
fn issue(
    service: &Service,
    admission: &Admission<'_>,
    secrets: &Secrets,
) -> Result<(ApplicationClaims, IssuedAnswer), ApiError> {
    let binding_seed = if admission.application.definition.binding_cookie {
        Some(service.random.secret()?)
    } else {
        None
    };
    let binding = binding_seed.as_deref().map(|seed| secrets.binding(seed));
    let cnf = binding.and_then(|secret| Confirmation::of_cookie(secret.as_bytes()));
    let claims = admission.claims(service, cnf)?;
    let issued = IssuedAnswer {
        issued_at: claims.iat,
        claims: serde_json::to_string(&claims)?,
        binding_seed,
    };
    Ok((claims, issued))
}

async fn repeat(
    service: &Service,
    found: &FoundCode,
    secrets: &Secrets,
) -> Result<Response, ApiError> {
    match &found.answer {
        Some(issued) if service.now() <= issued.issued_at + REPEATABLE => {
            answer(service, found, issued, secrets).await
        }
        _ => Err(ApiError::CodeUnknown),
    }
}

async fn answer(
    service: &Service,
    found: &FoundCode,
    issued: &IssuedAnswer,
    secrets: &Secrets,
) -> Result<Response, ApiError> {
    let application = found
        .facts
        .application
        .as_ref()
        .ok_or(ApiError::OriginUnknown)?;
    let claims: ApplicationClaims = serde_json::from_str(&issued.claims)?;
    let keys = service.keys().await?;
    let answer = ExchangeAnswer {
        token: keys.sign_for(found.code.shown.key_refusals, &claims)?,
        binding: issued
            .binding_seed
            .as_deref()
            .map(|seed| secrets.binding(seed)),
        session_exp: claims.session_exp,
        return_to: found.code.return_to.clone(),
        cookie: application.definition.cookie,
    };
    Ok(Json(answer).into_response())
}
