//! Access groups of the configuration file: policies that were stored earlier follow them.

use super::error::StartError;
use crate::applications::Application;
use crate::applications::check::{CheckContext, check};
use crate::applications::{Definition, Draft};
use crate::audit::Initiator;
use crate::policy::known_names::KnownNames;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::TakeOver;

/// Brings the access groups of the configuration file into the policies that name them. A group
/// that is gone from the file stays as it was where it is named, which is logged.
pub async fn apply(service: &Service, stored: &[Application]) -> Result<(), StartError> {
    let groups = &service.config.access_groups;
    for application in stored.iter().filter(|application| !application.declared) {
        let policy = &application.definition.policy;
        for group in policy.access_groups() {
            if groups.iter().all(|other| other.name != group.name) {
                tracing::warn!(
                    application = application.definition.name,
                    group = group.name,
                    "the policy names an access group that is no longer in the configuration file, \
                     and uses it as it was"
                );
            }
        }
        let definition = Definition {
            policy: policy.with_access_groups(groups),
            ..application.definition.clone()
        };
        if definition == application.definition {
            continue;
        }
        still_valid(service, &definition).await?;
        let storage = &service.storage;
        let by = Initiator::system("configuration file");
        let take_over = TakeOver::Allowed;
        let changed = storage.change_application(application, &definition, take_over, &by);
        if let Some(version) = changed.await? {
            tracing::info!(
                application = definition.name,
                version,
                "access groups changed"
            );
        }
    }
    Ok(())
}

async fn still_valid(service: &Service, definition: &Definition) -> Result<(), StartError> {
    let known = KnownNames::of(service, Some(&definition.policy)).await?;
    let mut problems = InputProblems::default();
    let context = CheckContext {
        path: "",
        demo: service.config.server.demo,
        names: known.names(),
    };
    check(Draft::from(definition), context, &mut problems);
    problems
        .finish()
        .map_err(|refused: Refused| StartError::AccessGroups {
            application: definition.name.clone(),
            refused,
        })
}
