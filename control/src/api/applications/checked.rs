//! An application that was sent, checked.

use crate::applications::check::{CheckContext, check};
use crate::applications::{Definition, Draft};
use crate::policy::check::context::Names;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;

/// The application that a draft makes.
///
/// # Errors
/// Everything that is wrong with it.
pub fn checked(service: &Service, draft: Draft) -> Result<Definition, Refused> {
    let mut problems = InputProblems::default();
    let providers = service.config.identity_providers.iter();
    let providers: Vec<String> = providers.map(|provider| provider.id.clone()).collect();
    let context = CheckContext {
        path: "",
        demo: service.config.server.demo,
        names: Names {
            access_groups: &service.config.access_groups,
            providers: Some(&providers),
            service_tokens: None,
        },
    };
    let definition = check(draft, context, &mut problems);
    problems.finish()?;
    definition.ok_or_else(|| Refused(Vec::new()))
}
