//! Adding applications, and changing them.

use crate::api::administrator::Administrator;
use crate::applications::check::{CheckContext, check};
use crate::applications::{Application, Definition, Draft};
use crate::policy::known_names::KnownNames;
use crate::policy::rules::Policy;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::{ChangeError, StorageError, TakeOver};
use crate::system::randomness::NoRandomness;

/// Why an application was not saved; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Something is wrong with it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It was not stored.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// The application that a draft makes, of a new one or of `before`.
///
/// # Errors
/// Everything that is wrong with it.
pub async fn checked(
    service: &Service,
    draft: Draft,
    before: Option<&Application>,
) -> Result<Definition, SaveError> {
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

/// Adds an application, with a new audience, or the one that a declared application of the name had. Also the
/// version of the feed that publishes it.
///
/// # Errors
/// When nothing was added.
pub async fn add(
    service: &Service,
    by: &Administrator,
    draft: Draft,
) -> Result<(Application, u64), SaveError> {
    let application = Application {
        audience: service.random.audience()?,
        declared: false,
        definition: checked(service, draft, None).await?,
    };
    let storage = &service.storage;
    let version = storage
        .add_application(&application, by.initiator())
        .await?;
    service.notifier.committed(version);
    let stored = storage
        .application_named(&application.definition.name)
        .await?;
    let application = stored.unwrap_or(application);
    tracing::info!(
        application = application.definition.name,
        audience = application.audience,
        version,
        %by,
        "application added"
    );
    Ok((application, version))
}

/// Changes `before` to `definition`, unless it is no longer `before`. The version that publishes it;
/// `None` if nothing differs.
///
/// # Errors
/// When nothing was changed.
pub async fn change(
    service: &Service,
    by: &Administrator,
    before: &Application,
    (definition, take_over): (&Definition, TakeOver),
) -> Result<Option<u64>, ChangeError> {
    let storage = &service.storage;
    let changed = storage.change_application(before, definition, take_over, by.initiator());
    let version = changed.await?;
    if let Some(version) = version {
        service.notifier.committed(version);
        tracing::info!(
            application = before.definition.name,
            audience = before.audience,
            version,
            %by,
            "application changed"
        );
    }
    Ok(version)
}
