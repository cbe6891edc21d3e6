//! An application that was sent, checked.

use crate::api::command_error::CommandError;
use crate::applications::check::{CheckContext, check};
use crate::applications::{Application, Definition, Draft};
use crate::policy::check::context::Names;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;

/// The application that a draft makes. What the policy of `before` names may still be named, also
/// when it is gone: other settings can be changed without touching the policy.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn checked(
    service: &Service,
    draft: Draft,
    before: Option<&Application>,
) -> Result<Definition, CommandError> {
    let policy = before.map(|application| &application.definition.policy);
    let named = |names: fn(&crate::policy::selector::Selector) -> Vec<String>| {
        let selectors = policy.into_iter().flat_map(|policy| policy.selectors());
        selectors.flat_map(names).collect::<Vec<String>>()
    };
    let mut providers = named(|selector| selector.providers());
    let configured = service.config.identity_providers.iter();
    providers.extend(configured.map(|provider| provider.id.clone()));
    let mut service_tokens = named(|selector| selector.service_tokens().to_vec());
    let stored = service.storage.service_tokens().await?;
    service_tokens.extend(stored.into_iter().map(|token| token.name));
    let mut problems = InputProblems::default();
    let context = CheckContext {
        path: "",
        demo: service.config.server.demo,
        names: Names {
            access_groups: &service.config.access_groups,
            providers: Some(&providers),
            service_tokens: Some(&service_tokens),
        },
    };
    let definition = check(draft, context, &mut problems);
    problems.finish()?;
    Ok(definition.ok_or_else(|| Refused(Vec::new()))?)
}
