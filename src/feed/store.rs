//! What is in force: keys, applications and revocations of one epoch at one version.
//!
//! A page is applied as a whole or not at all: everything that can fail is done first.

use std::collections::HashMap;
use std::rc::Rc;

use super::error::FeedError;
use super::limits::{MAX_APPLICATIONS, MAX_REVOCATIONS};
use super::page::DecodedPage;
use crate::application::{Application, ApplicationTable, Scope};
use crate::protocol::feed::{ApplicationChanges, JwkSet};
use crate::session::keys::Keys;
use crate::session::revocations::{Changes, Revocations};
use crate::time::UnixSeconds;

/// What is in force.
#[derive(Debug)]
pub struct Store {
    epoch: String,
    version: u64,
    proof: Option<String>,
    keys: Keys,
    applications: Applications,
    table: ApplicationTable,
    revocations: Revocations,
}

/// Applications by audience.
pub(super) type Applications = HashMap<String, Rc<Application>>;

/// The contents of a complete snapshot.
pub(super) struct Contents {
    pub epoch: String,
    pub version: u64,
    pub proof: Option<String>,
    pub keys: JwkSet,
    pub applications: Applications,
    pub revocations: Revocations,
}

impl Store {
    /// Compiles a complete snapshot.
    ///
    /// # Errors
    /// [`FeedError::Key`], [`FeedError::NoKeys`] or [`FeedError::Table`].
    pub(super) fn new(contents: Contents, scope: Scope<'_>) -> Result<Self, FeedError> {
        Ok(Self {
            keys: usable(contents.keys)?,
            table: place(&contents.applications, scope)?,
            epoch: contents.epoch,
            version: contents.version,
            proof: contents.proof,
            applications: contents.applications,
            revocations: contents.revocations,
        })
    }

    /// Applies a delta. Returns whether the keys changed.
    ///
    /// # Errors
    /// The delta was rejected and changed nothing.
    pub(super) fn apply(
        &mut self,
        DecodedPage { head, changes }: DecodedPage,
        scope: Scope<'_>,
    ) -> Result<bool, FeedError> {
        if head.epoch != self.epoch || head.after != self.version {
            return Err(FeedError::DoesNotFollow);
        }
        if head.version <= self.version {
            return Err(FeedError::Older);
        }
        let keys = match head.keys {
            Some(set) if !self.keys.are(&set) => Some(usable(set)?),
            _ => None,
        };
        let placed = if head.applications.is_empty() {
            None
        } else {
            let mut applications = self.applications.clone();
            update(&mut applications, head.applications)?;
            let table = place(&applications, scope)?;
            Some((applications, table))
        };
        check_room(&self.revocations, &changes)?;
        let keys_changed = keys.is_some();
        if let Some(keys) = keys {
            self.keys = keys;
        }
        if let Some((applications, table)) = placed {
            (self.applications, self.table) = (applications, table);
        }
        self.revocations.take(changes);
        (self.version, self.proof) = (head.version, head.proof);
        Ok(keys_changed)
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What shows that the control service has issued the version.
    #[must_use]
    pub fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The applications, by origin and path.
    #[must_use]
    pub fn table(&self) -> &ApplicationTable {
        &self.table
    }

    /// An application, by audience.
    #[must_use]
    pub fn application(&self, audience: &str) -> Option<&Application> {
        self.applications
            .get(audience)
            .map(|application| &**application)
    }

    /// The revocations.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    /// Drops revocations that no longer match any valid token.
    pub(super) fn prune(&mut self, settled: UnixSeconds) {
        self.revocations.prune(settled);
    }
}

/// Compiles a key set, of which at least one key must be usable.
fn usable(set: JwkSet) -> Result<Keys, FeedError> {
    let keys = Keys::compile(set).map_err(FeedError::Key)?;
    if keys.is_empty() {
        return Err(FeedError::NoKeys);
    }
    Ok(keys)
}

/// Applies changes to applications.
pub(super) fn update(
    applications: &mut Applications,
    changes: ApplicationChanges,
) -> Result<(), FeedError> {
    for audience in changes.delete {
        applications.remove(&audience);
    }
    for wire in changes.put {
        let application = Application::compile(wire).map_err(FeedError::Application)?;
        applications.insert(application.audience.clone(), Rc::new(application));
    }
    if applications.len() > MAX_APPLICATIONS {
        return Err(FeedError::OutOfBounds("the number of applications"));
    }
    Ok(())
}

/// Checks that a page's revocations fit in, counting each as new.
pub(super) fn check_room(held: &Revocations, changes: &Changes) -> Result<(), FeedError> {
    if held.len().saturating_add(changes.put()) > MAX_REVOCATIONS {
        return Err(FeedError::OutOfBounds("the number of revocations"));
    }
    Ok(())
}

fn place(applications: &Applications, scope: Scope<'_>) -> Result<ApplicationTable, FeedError> {
    ApplicationTable::build(applications.values().cloned(), scope).map_err(FeedError::Table)
}
