//! What saving an access group would do, before it is done.

use super::super::super::super::applications::policies::step::Step;
use super::super::super::super::shown::Shown;
use crate::administration::access_groups::naming;
use crate::applications::Definition;
use crate::policy::rules::AccessGroup;
use crate::service::Service;
use crate::storage::StorageError;

/// The most applications whose people are looked at.
const MOST_APPLICATIONS: usize = 5;

/// What saving would do, by application.
pub struct GroupStep {
    /// The applications whose policies name the group: audience, name, and what happens there.
    pub applications: Vec<(String, Shown, Step)>,
    /// How many more there are.
    pub more: usize,
}

impl GroupStep {
    /// What a group would do to the policies that name it.
    pub async fn of(service: &Service, group: &AccessGroup) -> Result<Self, StorageError> {
        let all = service.storage.applications().await?;
        let users: Vec<_> = naming(&group.name, &all).collect();
        let mut applications = Vec::new();
        for application in users.iter().take(MOST_APPLICATIONS) {
            let before = &application.definition;
            let wanted = Definition {
                policy: before
                    .policy
                    .with_access_groups(std::slice::from_ref(group)),
                ..before.clone()
            };
            let step = Step::of(service, application, &wanted).await?;
            let name = Shown::new(&before.name);
            applications.push((application.audience.clone(), name, step));
        }
        Ok(Self {
            more: users.len().saturating_sub(MOST_APPLICATIONS),
            applications,
        })
    }
}
