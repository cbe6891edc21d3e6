//! The admin API, on the team domain, for programs that administer.
//!
//! Every call carries `authorization: Bearer <admin token>`. Cookies are ignored here, and every
//! error is a problem (RFC 9457). The control socket offers the same calls without a token.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;

use crate::api::error::ApiError;
use crate::api::{calls, idempotency, reference};
use crate::audit::source::Source;
use crate::dashboard::source;
use crate::service::Service;
use crate::tokens::{admin_tokens as tokens, bearer};

/// All calls, for callers with an admin token.
pub fn router(service: Arc<Service>) -> Router<Arc<Service>> {
    let authenticate = middleware::from_fn_with_state(Arc::clone(&service), authenticate);
    let once = middleware::from_fn_with_state(Arc::clone(&service), idempotency::once);
    let source = middleware::from_fn_with_state(service, source::call);
    let reference = middleware::from_fn(reference::refer);
    calls::router()
        .layer(once)
        .layer(authenticate)
        .layer(source)
        .layer(reference)
}

async fn authenticate(
    State(service): State<Arc<Service>>,
    source: Source,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let token = bearer::token(request.headers()).ok_or(ApiError::TokenInvalid)?;
    let administrator = tokens::find(&service, token, source).await?;
    let administrator = administrator.ok_or(ApiError::TokenInvalid)?;
    request.extensions_mut().insert(administrator);
    Ok(next.run(request).await)
}
