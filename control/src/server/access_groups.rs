//! Access groups of the configuration file: policies that were stored earlier follow them.

use super::error::StartError;
use crate::applications::Application;
use crate::applications::check::{CheckContext, check};
use crate::applications::{Definition, Draft};
use crate::audit::Initiator;
use crate::policy::known_names::KnownNames;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::{ChangeError, TakeOver};

/// How often an application may be changed in between before the start fails.
const TRIES: usize = 10;

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
        follow(service, application).await?;
    }
    Ok(())
}

/// Brings the groups into the policy of one application. Another replica may do the same, or change
/// the application, in between: then it is read again, and what is still to be changed is changed.
async fn follow(service: &Service, stored: &Application) -> Result<(), StartError> {
    let mut stored = stored.clone();
    for _ in 1..TRIES {
        match change(service, &stored).await {
            Err(StartError::Declare(ChangeError::Raced)) => {}
            done => return done,
        }
        match service.storage.application(&stored.audience).await? {
            Some(now) if !now.declared => stored = now,
            // It is gone, or a configuration file declares it.
            _ => return Ok(()),
        }
    }
    change(service, &stored).await
}

async fn change(service: &Service, stored: &Application) -> Result<(), StartError> {
    let groups = &service.config.access_groups;
    let definition = Definition {
        policy: stored.definition.policy.with_access_groups(groups),
        ..stored.definition.clone()
    };
    if definition == stored.definition {
        return Ok(());
    }
    still_valid(service, &definition).await?;
    let by = Initiator::system("configuration file");
    let storage = &service.storage;
    let changed = storage.change_application(stored, &definition, TakeOver::Allowed, &by);
    if let Some(version) = changed.await? {
        tracing::info!(
            application = definition.name,
            version,
            "access groups changed"
        );
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
