//! `POST /global-token-revocation/{id}`: the provider ends everything of a person (Global Token
//! Revocation, draft-parecki-oauth-global-token-revocation). They cannot sign in for
//! `login_block_after_revoke` either, so that what was on its way does not outlive it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::bearer;
use super::incoming::{Effect, Incoming};
use super::refusal::{InOAuth, Refusal};
use super::subject_id::SubjectId;
use crate::audit::source::Source;
use crate::service::Service;

const REASON: &str = "global_token_revocation";

#[derive(Deserialize)]
pub struct RevocationRequest {
    sub_id: Value,
}

/// 204, or 404 if nobody of that name signs in with the provider.
pub async fn receive(
    State(service): State<Arc<Service>>,
    Path(id): Path<String>,
    source: Source,
    request: Request,
) -> Result<StatusCode, InOAuth> {
    let incoming = Incoming::of(&service, &id, source).map_err(InOAuth)?;
    let revoked = revoke(&incoming, request).await;
    incoming.settle(revoked).map_err(InOAuth)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(incoming: &Incoming<'_>, request: Request) -> Result<(), Refusal> {
    const EXPECTED: &str = "the body must be JSON with a `sub_id`, and its type application/json";
    let token = incoming.provider.reporters().revocation_token();
    bearer::check(request.headers(), token.ok_or(Refusal::NoEndpoint)?)?;
    incoming.verified()?;
    let body = Json::<RevocationRequest>::from_request(request, &()).await;
    let Json(request) =
        body.map_err(|rejection| Refusal::unreadable(rejection.status(), EXPECTED))?;
    let named = SubjectId::read(&request.sub_id)?;
    let person = incoming.person(&named).ok_or(Refusal::NoSuchPerson)?;
    let report = incoming.report(REASON, None);
    let ended = incoming.revoke(&report, &person, Effect::Block).await?;
    if ended.users == 0 {
        return Err(Refusal::NoSuchPerson);
    }
    Ok(())
}
