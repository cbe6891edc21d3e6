//! The access groups in policies.

use super::rows::{Columns, SELECT_ALL, from_columns, to_json};
use crate::applications::{Application, Definition};
use crate::audit::{Event, EventName, Initiator, Subject};
use crate::policy::rules::AccessGroup;
use crate::problems::Refused;
use crate::storage::access_groups::error::AccessGroupError;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// Says what is wrong with an application whose policy has other access groups.
pub type PolicyCheck<'a> = &'a (dyn Fn(&Definition) -> Result<(), Refused> + Sync);

/// Puts access groups as they are now into the policies that name them, and publishes these.
pub(in crate::storage) async fn follow_access_groups(
    write: &mut Write,
    groups: &[AccessGroup],
    check: PolicyCheck<'_>,
    by: &Initiator,
) -> Result<(), AccessGroupError> {
    for application in all(write).await? {
        let policy = &application.definition.policy;
        let definition = Definition {
            policy: policy.with_access_groups(groups),
            ..application.definition.clone()
        };
        if definition == application.definition {
            continue;
        }
        check(&definition).map_err(|refused| AccessGroupError::Unfit {
            application: definition.name.clone(),
            refused,
        })?;
        sqlx::query("UPDATE applications SET definition = $1 WHERE audience = $2")
            .bind(to_json(&definition)?)
            .bind(&application.audience)
            .execute(write.connection())
            .await
            .map_err(StorageError::from)?;
        let changed: Vec<String> = policy
            .access_groups()
            .iter()
            .filter(|was| !definition.policy.access_groups().contains(was))
            .map(|was| was.name.clone())
            .collect();
        let now = Application {
            definition,
            ..application
        };
        write.publish_application(&now.to_feed()).await?;
        let name = &now.definition.name;
        let subject = Subject::application(&now.audience, name);
        write.note(
            Event::new(EventName::PolicyChanged, by, subject)
                .at(name)
                .reason("access_group_changed")
                .detail("access_groups", changed),
        );
    }
    Ok(())
}

/// The applications whose policies name an access group, by name.
pub(in crate::storage) async fn naming(
    write: &mut Write,
    group: &str,
) -> Result<Vec<String>, StorageError> {
    let mut all = all(write).await?;
    all.retain(|one| one.definition.policy.names_access_group(group));
    Ok(all.into_iter().map(|one| one.definition.name).collect())
}

/// The access groups of all policies.
pub(in crate::storage) async fn copies(
    write: &mut Write,
) -> Result<Vec<AccessGroup>, StorageError> {
    let all = all(write).await?.into_iter();
    Ok(all
        .flat_map(|one| one.definition.policy.access_groups().to_vec())
        .collect())
}

async fn all(write: &mut Write) -> Result<Vec<Application>, StorageError> {
    let rows: Vec<Columns> = sqlx::query_as(SELECT_ALL)
        .fetch_all(write.connection())
        .await?;
    rows.into_iter().map(from_columns).collect()
}
