//! Which applications a user would get into.

use portcullis::time::UnixSeconds;

use super::known::called;
use crate::policy::evaluate::Decision;
use crate::service::Service;
use crate::storage::StorageError;

/// The most applications that are judged.
pub const MOST_APPLICATIONS: usize = 200;

/// What every application says about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Each application, by name; empty if there are more than [`MOST_APPLICATIONS`].
    pub applications: Vec<Reached>,
    /// Of when it is what their provider said.
    pub as_of: UnixSeconds,
    /// Whether there are more applications than are judged.
    pub is_cut: bool,
}

/// What an application says about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Its audience.
    pub audience: String,
    /// Its name.
    pub name: String,
    /// Whether its policy admits the user, from some address at least.
    pub admitted: bool,
    /// The rule that decides.
    pub rule: Option<String>,
}

/// Which applications a user would get into; `None` if they never signed in, or are disabled.
///
/// # Errors
/// When the database cannot be read.
pub async fn reach(service: &Service, user_id: &str) -> Result<Option<Reach>, StorageError> {
    let (person, Some(as_of)) = called(service, user_id).await? else {
        return Ok(None);
    };
    let mut applications = service.storage.applications().await?;
    let is_cut = applications.len() > MOST_APPLICATIONS;
    if is_cut {
        applications.clear();
    }
    let reached = applications.into_iter().map(|application| {
        let policy = &application.definition.policy;
        let decision: Decision<'_> = policy.decide(&person);
        Reached {
            admitted: policy.admits(&person, None),
            rule: decision.rule().map(|rule| rule.id.clone()),
            name: application.definition.name.clone(),
            audience: application.audience,
        }
    });
    Ok(Some(Reach {
        applications: reached.collect(),
        as_of,
        is_cut,
    }))
}
