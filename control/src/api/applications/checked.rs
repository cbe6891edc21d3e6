//! An application that was sent, checked.

use crate::api::command_error::CommandError;
use crate::applications::check::{CheckContext, check};
use crate::applications::{Application, Definition, Draft};
use crate::policy::known_names::KnownNames;
use crate::policy::rules::Policy;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;

/// The application that a draft makes, of a new one or of `before`.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn checked(
    service: &Service,
    draft: Draft,
    before: Option<&Application>,
) -> Result<Definition, CommandError> {
    let policy = before.map(|application| &application.definition.policy);
    let known = KnownNames::of(service, policy.into_iter().flat_map(Policy::selectors)).await?;
    let mut problems = InputProblems::default();
    let context = CheckContext {
        path: "",
        demo: service.config.server.demo,
        names: known.names(),
    };
    let definition = check(draft, context, &mut problems);
    problems.finish()?;
    Ok(definition.ok_or_else(|| Refused(Vec::new()))?)
}
