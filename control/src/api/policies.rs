//! Policies: `POST applications/{name}/policy/test`; on the control socket `POST /policies/test`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};

use super::administrator::{Administrator, Scope};
use super::authorization::require;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::{Input, OptionalBody, optional};
use crate::applications::Application;
use crate::eligibility::person_of;
use crate::policy::explain::{Asker, Explanation};
use crate::policy::person::Person;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::sign_in::email::Address;
use crate::storage::{SessionQuery, StorageError};

/// Whom a policy is asked about. An empty body means somebody of whom nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyQuestion {
    /// An e-mail address. If a user with it is signed in, the facts of their newest sign-in count,
    /// as far as they are not given here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The id of an identity provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Groups, as `provider:name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Claims, each with its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<BTreeMap<String, Vec<String>>>,
    /// How the person proved who they are (RFC 8176).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amr: Option<Vec<String>>,
    /// A service token, by name, instead of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_token: Option<String>,
    /// Where the request comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
}

/// A question about the policy of an application.
#[derive(Debug, Serialize, Deserialize)]
pub struct AskPolicy {
    /// The application's name.
    pub application: String,
    /// The question.
    pub question: PolicyQuestion,
}

/// What the policy says.
#[derive(Debug, Serialize, Deserialize)]
pub struct PolicyAnswer {
    /// The application's name.
    pub application: String,
    /// What the policy was asked about, with what was known.
    pub asked: PolicyQuestion,
    /// What it says.
    #[serde(flatten)]
    pub explanation: Explanation,
}

impl PolicyQuestion {
    /// Whether it is about a program or about a person.
    fn check(&self) -> Result<(), Refused> {
        let Self {
            user,
            provider,
            groups,
            claims,
            amr,
            service_token,
            ip: _,
        } = self;
        let about_person = [
            ("user", user.is_some()),
            ("provider", provider.is_some()),
            ("groups", groups.is_some()),
            ("claims", claims.is_some()),
            ("amr", amr.is_some()),
        ];
        let mut problems = InputProblems::default();
        if let Some(token) = service_token {
            let given = about_person.into_iter().filter(|(_, is_given)| *is_given);
            let given: Vec<&str> = given.map(|(name, _)| name).collect();
            if !given.is_empty() {
                let message = format!(
                    "asks about a program, and `{}` about a person; ask about one of them",
                    given.join("`, `")
                );
                problems.add("service_token", token, message);
            }
        }
        problems.finish()
    }
}

/// Says whom the policy of an application admits, and why.
pub async fn test(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(name): Path<String>,
    body: OptionalBody,
) -> Result<Json<PolicyAnswer>, ApiError> {
    require(&administrator, Scope::ApplicationsRead)?;
    let question: PolicyQuestion = optional(body)?;
    question
        .check()
        .map_err(|refused| ApiError::RequestInvalid(refused.to_string()))?;
    if question.user.is_some() {
        // It may say what a user's newest sign-in was like.
        require(&administrator, Scope::SessionsRead)?;
    }
    let application = service.storage.application_named(&name).await?;
    let application = application.ok_or(ApiError::NotFound("no application has this name"))?;
    Ok(Json(answer(&service, &application, question).await?))
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
        answer(&service, &application, request.question).await?,
    ))
}

async fn answer(
    service: &Service,
    application: &Application,
    mut question: PolicyQuestion,
) -> Result<PolicyAnswer, StorageError> {
    let policy = &application.definition.policy;
    let explanation = if let Some(name) = &question.service_token {
        policy.explain(Asker::ServiceToken(name), question.ip)
    } else {
        let known = match &question.user {
            Some(email) => newest_sign_in(service, email).await?,
            None => Person::default(),
        };
        let person = Person {
            address: known.address,
            provider: question.provider.or(known.provider),
            groups: question.groups.unwrap_or(known.groups),
            claims: question.claims.unwrap_or(known.claims),
            amr: question.amr.unwrap_or(known.amr),
        };
        let explanation = policy.explain(Asker::Person(&person), question.ip);
        question = PolicyQuestion {
            provider: person.provider,
            groups: Some(person.groups),
            claims: Some(person.claims),
            amr: Some(person.amr),
            ..question
        };
        explanation
    };
    Ok(PolicyAnswer {
        application: application.definition.name.clone(),
        asked: question,
        explanation,
    })
}

/// The person of the newest session with an e-mail address; of nobody who is signed in, only the
/// address is known.
async fn newest_sign_in(service: &Service, email: &str) -> Result<Person, StorageError> {
    let person = Person::with_email(email);
    let now = service.now();
    let user = Address::parse(email).map(|address| address.normal().to_owned());
    let Ok(user) = user else { return Ok(person) };
    let query = SessionQuery {
        user: &user,
        now,
        after: None,
        limit: 1,
    };
    let sessions = service.storage.list_sessions(query).await?;
    let Some(newest) = sessions.first() else {
        return Ok(person);
    };
    let session = service.storage.session(&newest.id, 0, now).await?;
    Ok(session.map_or(person, |session| person_of(&session)))
}
