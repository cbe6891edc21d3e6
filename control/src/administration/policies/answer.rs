//! What a policy says about one person or program: the answer of the admin API, the command line and the
//! dashboard. The policy need not be a stored one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::known::called;
use crate::policy::explain::{Asker, Explanation};
use crate::policy::person::Person;
use crate::policy::rules::Policy;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::StorageError;

/// Whom a policy is asked about. Empty, it is about somebody of whom nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyQuestion {
    /// An e-mail address. If a user with it has signed in, the facts of their newest sign-in count,
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
    #[schema(value_type = Option<String>)]
    pub ip: Option<IpAddr>,
}

/// What a policy says, and what it was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question, with what was known.
    pub asked: PolicyQuestion,
    /// Of when that is; `None` if nothing was known, or the question is about a program.
    pub as_of: Option<UnixSeconds>,
    /// What the policy says.
    pub explanation: Explanation,
}

impl PolicyQuestion {
    /// Whether it is about a program or about a person.
    ///
    /// # Errors
    /// When it is about both.
    pub fn check(&self) -> Result<(), Refused> {
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

/// What a policy says to a question.
///
/// # Errors
/// When the database cannot be read.
pub async fn answer(
    service: &Service,
    policy: &Policy,
    question: PolicyQuestion,
) -> Result<Answer, StorageError> {
    if let Some(name) = &question.service_token {
        let explanation = policy.explain(Asker::ServiceToken(name), question.ip);
        return Ok(Answer {
            asked: question,
            as_of: None,
            explanation,
        });
    }
    let (known, as_of) = match &question.user {
        Some(user) => called(service, user).await?,
        None => (Person::default(), None),
    };
    let person = Person {
        address: known.address,
        provider: question.provider.or(known.provider),
        groups: question.groups.unwrap_or(known.groups),
        claims: question.claims.unwrap_or(known.claims),
        amr: question.amr.unwrap_or(known.amr),
    };
    let explanation = policy.explain(Asker::Person(&person), question.ip);
    Ok(Answer {
        asked: PolicyQuestion {
            user: question.user,
            provider: person.provider,
            groups: Some(person.groups),
            claims: Some(person.claims),
            amr: Some(person.amr),
            service_token: None,
            ip: question.ip,
        },
        as_of,
        explanation,
    })
}
