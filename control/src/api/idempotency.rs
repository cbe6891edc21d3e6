//! `idempotency-key`: a POST of the admin API that is sent twice with the same key acts once, and the
//! second one gets the answer of the first.
//!
//! The key counts for one admin token and a day. A call that was refused has changed nothing, so its key is
//! free again. A secret is not repeated: its call gets 409 `already_made`.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, Type};

use super::administrator::Administrator;
use super::error::ApiError;
use crate::audit::Actor;
use crate::problems::InputProblems;
use crate::service::Service;
use crate::storage::{KeyedCall, SentCall};
use crate::tokens::bearer;

const NAME: &str = "idempotency-key";
const LONGEST_KEY: usize = 128;
/// The longest body of a call with a key.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The longest answer that is kept.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Marks an answer with a secret, which is not kept.
#[derive(Debug, Clone, Copy)]
pub struct HoldsSecret;

/// An answer with a secret.
pub type Secret<T> = (Extension<HoldsSecret>, Json<T>);

/// An answer with a secret.
pub fn secret<T>(answer: T) -> Secret<T> {
    (Extension(HoldsSecret), Json(answer))
}

/// A call and its key, as they are kept.
struct Keyed {
    token_id: String,
    key: String,
    call: String,
}

impl Keyed {
    fn sent(&self) -> KeyedCall<'_> {
        KeyedCall {
            token_id: &self.token_id,
            key: &self.key,
            call: &self.call,
        }
    }
}

/// The header, as the description of a call has it.
pub fn parameter() -> Parameter {
    let longest = Some(LONGEST_KEY);
    let key = Object::builder().schema_type(Type::String);
    let text = "Lets the call act once: a call that is sent again with the same key gets the answer of \
                the first one.";
    ParameterBuilder::new()
        .name(NAME)
        .parameter_in(ParameterIn::Header)
        .description(Some(text))
        .schema(Some(key.min_length(Some(1)).max_length(longest)))
        .build()
}

/// Lets a call with a key act once.
pub async fn once(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let key = match key(request.headers())? {
        Some(key) if *request.method() == Method::POST => key,
        _ => return Ok(next.run(request).await),
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY_BYTES).await;
    let body = body.map_err(|_| ApiError::TooLarge)?;
    let token = bearer::token(&parts.headers).ok_or(ApiError::TokenInvalid)?;
    let Actor::AdminToken { id, .. } = &administrator.initiator().actor else {
        return Err(ApiError::TokenInvalid);
    };
    let keyed = Keyed {
        token_id: id.clone(),
        key,
        call: call(token, &parts.uri, &body),
    };
    match service
        .storage
        .claim_call(keyed.sent(), service.now())
        .await?
    {
        SentCall::New => {}
        SentCall::Another => return Err(another(&keyed.key)),
        SentCall::Running => return Err(ApiError::StillRunning),
        SentCall::Answered(_, None) => return Err(ApiError::AlreadyMade),
        SentCall::Answered(status, Some(answer)) => return Ok(repeated(status, answer)),
    }
    let request = Request::from_parts(parts, Body::from(body));
    // A caller who leaves does not stop it: whether it was done would not be known.
    let run = tokio::spawn(async move { run(&service, &keyed, request, next).await });
    run.await.map_err(|error| ApiError::Failed(error.into()))?
}

async fn run(
    service: &Service,
    keyed: &Keyed,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let response = next.run(request).await;
    if !response.status().is_success() {
        service.storage.release_call(keyed.sent()).await?;
        return Ok(response);
    }
    let status = response.status().as_u16();
    if response.extensions().get::<HoldsSecret>().is_some() {
        keep(service, keyed, (status, None)).await;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let answer = to_bytes(body, MAX_ANSWER_BYTES).await;
    let answer = answer.map_err(|error| ApiError::Failed(error.into()))?;
    keep(service, keyed, (status, std::str::from_utf8(&answer).ok())).await;
    Ok(Response::from_parts(parts, Body::from(answer)))
}

/// The call is done, so it is answered even if its answer cannot be kept: a repetition is then refused.
async fn keep(service: &Service, keyed: &Keyed, answer: (u16, Option<&str>)) {
    let kept = service.storage.answer_call(keyed.sent(), answer).await;
    if let Err(error) = kept {
        tracing::error!(
            ?error,
            "the answer of a call with an idempotency key is not kept"
        );
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all(NAME).iter();
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let bytes = key.as_bytes();
    let is_valid = (1..=LONGEST_KEY).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_graphic)
        && keys.next().is_none();
    let mut problems = InputProblems::default();
    if !is_valid {
        let message = format!("must be once 1 to {LONGEST_KEY} visible ASCII characters");
        problems.add(NAME, "", message);
    }
    problems.finish()?;
    Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
}

/// What tells a call from others. A request may hold a password, which a hash without a key would give to
/// everybody who has the database and guesses.
fn call(token: &str, uri: &Uri, body: &Bytes) -> String {
    let mut mac = hmac_sha256::HMAC::new(token);
    mac.update(uri.to_string());
    mac.update(b"\0");
    mac.update(body);
    let digits = mac.finalize().map(|byte| format!("{byte:02x}"));
    digits.concat()
}

fn another(key: &str) -> ApiError {
    let mut problems = InputProblems::default();
    problems.add(
        NAME,
        key,
        "was sent with another call; a new call needs a new key",
    );
    match problems.finish() {
        Err(refused) => refused.into(),
        Ok(()) => ApiError::AlreadyMade,
    }
}

fn repeated(status: u16, answer: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let json = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, json)], answer).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_database_cannot_guess_what_a_call_held() {
        let uri = Uri::from_static("/users");
        let of = |token: &str, body: &'static str| {
            call(token, &uri, &Bytes::from_static(body.as_bytes()))
        };
        assert_eq!(of("id.a", "{}"), of("id.a", "{}"));
        assert_ne!(of("id.a", "{}"), of("id.b", "{}"));
        assert_ne!(of("id.a", "{}"), of("id.a", "{ }"));
    }
}
