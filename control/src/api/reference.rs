//! The reference of a refused call: the start of its request id, which the log and the audit log have,
//! too.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::audit::source::reference;
use crate::problems::Problem;

/// Puts the reference into the problem with which a call is refused.
pub async fn refer(request: Request, next: Next) -> Response {
    let reference = reference(request.headers());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem<&'static str>>();
    match problem {
        Some(problem) if reference.is_some() => {
            problem.with_reference(reference).instead_of(response)
        }
        _ => response,
    }
}
