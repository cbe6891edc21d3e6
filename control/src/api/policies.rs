//! Policies: `POST applications/{name}/policy/test`; on the control socket `POST /policies/test`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::{Administrator, Scope};
use super::applications::selected::find;
use super::authorization::require;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::{Input, OptionalBody, optional};
use crate::administration::policies::answer::{PolicyQuestion, answer};
use crate::applications::Application;
use crate::policy::explain::Explanation;
use crate::service::Service;
use crate::storage::StorageError;

/// A question about the policy of an application.
#[derive(Debug, Serialize, Deserialize)]
pub struct AskPolicy {
    /// The application's name.
    pub application: String,
    /// The question.
    pub question: PolicyQuestion,
}

/// What the policy says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PolicyAnswer {
    /// The application's name.
    pub application: String,
    /// What the policy was asked about, with what was known.
    pub asked: PolicyQuestion,
    /// What it says.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Says whom the policy of an application admits, and why.
///
/// A question about a `user` also needs the scope `sessions:read`: the answer may say what their newest
/// sign-in was like.
#[utoipa::path(
    post,
    path = "/applications/{name}/policy/test",
    operation_id = "test_policy",
    params(
        ("name" = String, Path, description = "The application's audience or name. A name with `/` cannot stand in a path behind Envoy: use the audience."),
    ),
    request_body(
        content = Option<PolicyQuestion>,
        example = json!({ "user": "ana@example.com", "ip": "192.0.2.7" })
    ),
    responses((status = OK, body = PolicyAnswer)),
)]
pub async fn test(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
    body: OptionalBody,
) -> Result<Json<PolicyAnswer>, ApiError> {
    let question: PolicyQuestion = optional(body)?;
    question.check()?;
    if question.user.is_some() {
        // It may say what a user's newest sign-in was like.
        require(&administrator, Scope::SessionsRead)?;
    }
    let application = find(&service, &name).await?;
    Ok(Json(answer_of(&service, &application, question).await?))
}

/// The same for the command line.
pub async fn test_by_name(
    State(service): State<Arc<Service>>,
    Input(request): Input<AskPolicy>,
) -> Result<Json<PolicyAnswer>, CommandError> {
    request.question.check()?;
    let name = request.application;
    let application = service.storage.application_named(&name).await?;
    let application = application.ok_or(CommandError::Unknown {
        path: "application",
        value: name,
        message: "no application has this name; `application list` shows all applications",
    })?;
    Ok(Json(
        answer_of(&service, &application, request.question).await?,
    ))
}

async fn answer_of(
    service: &Service,
    application: &Application,
    question: PolicyQuestion,
) -> Result<PolicyAnswer, StorageError> {
    let definition = &application.definition;
    let answer = answer(service, &definition.policy, question).await?;
    Ok(PolicyAnswer {
        application: definition.name.clone(),
        asked: answer.asked,
        explanation: answer.explanation,
    })
}
