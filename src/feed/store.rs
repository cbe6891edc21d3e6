//! What is in force: keys, applications and revocations of one epoch at one version.
//!
//! A page is taken over wholly or not at all: everything that can fail is done first.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use super::bounds::{MAX_APPLICATIONS, MAX_REVOCATIONS};
use super::page::Page;
use super::shared::SharedDataError;
use crate::application::{Application, ApplicationError, ApplicationTable, TableError};
use crate::protocol::feed::{ApplicationChanges, JwkSet};
use crate::session::keys::{KeyError, Keys};
use crate::session::revocations::{Changes, Revocations};
use crate::time::UnixSeconds;

/// What is in force.
#[derive(Debug)]
pub struct Store {
    epoch: String,
    version: u64,
    keys: Keys,
    applications: Applications,
    table: ApplicationTable,
    revocations: Revocations,
}

pub(super) type Applications = HashMap<String, Rc<Application>>;

/// Why a page was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedError {
    /// Not a page: what the JSON reader says of it, without the page's content.
    Malformed(String),
    /// No answer in time, or no connection.
    Unreachable,
    /// Another status than 200 and 204.
    Status(u16),
    /// A delta of another epoch, or one that does not follow on what is held.
    DoesNotFollow,
    /// Older than what is held.
    Older,
    /// A snapshot that changes its mind between pages, or never ends.
    SnapshotBroken,
    /// More, longer or higher than a control service sends: what of the page.
    OutOfBounds(&'static str),
    /// More revocations than `max_revocations`, which is this.
    TooManyRevocations(usize),
    /// A snapshot without keys, or a key set of which none can be used.
    NoKeys,
    /// A key that cannot be read.
    Key(KeyError),
    /// An application that cannot be honoured.
    Application(ApplicationError),
    /// Two applications in one place.
    Table(TableError),
    /// What the VMs of one process share could not be read or written.
    Shared(SharedDataError),
}

impl Store {
    /// Everything of a snapshot.
    ///
    /// # Errors
    /// [`FeedError::Key`], [`FeedError::NoKeys`] or [`FeedError::Table`].
    pub(super) fn new(
        (epoch, version): (String, u64),
        keys: JwkSet,
        applications: Applications,
        revocations: Revocations,
        audiences: &[String],
    ) -> Result<Self, FeedError> {
        let keys = usable(keys)?;
        let table = place(&applications, audiences)?;
        Ok(Self {
            epoch,
            version,
            keys,
            applications,
            table,
            revocations,
        })
    }

    /// Takes over a delta; says whether the keys changed.
    ///
    /// # Errors
    /// Nothing has changed then.
    pub(super) fn apply(
        &mut self,
        Page { head, changes }: Page,
        audiences: &[String],
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
            change(&mut applications, head.applications)?;
            let table = place(&applications, audiences)?;
            Some((applications, table))
        };
        grow(&self.revocations, &changes)?;
        let keys_changed = keys.is_some();
        if let Some(keys) = keys {
            self.keys = keys;
        }
        if let Some((applications, table)) = placed {
            (self.applications, self.table) = (applications, table);
        }
        self.revocations.take(changes);
        self.version = head.version;
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

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The applications, by place.
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

    /// Drops revocations that no living token can meet.
    pub(super) fn prune(&mut self, now: u64) {
        self.revocations.prune(UnixSeconds::new(now));
    }
}

/// A key set that somebody can sign in by.
fn usable(set: JwkSet) -> Result<Keys, FeedError> {
    let keys = Keys::compile(set).map_err(FeedError::Key)?;
    if keys.is_empty() {
        return Err(FeedError::NoKeys);
    }
    Ok(keys)
}

/// Takes over changed applications.
pub(super) fn change(
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

/// Whether there is room for a page's revocations, as if none of them were known.
pub(super) fn grow(held: &Revocations, changes: &Changes) -> Result<(), FeedError> {
    if held.len().saturating_add(changes.put()) > MAX_REVOCATIONS {
        return Err(FeedError::OutOfBounds("the number of revocations"));
    }
    Ok(())
}

fn place(applications: &Applications, audiences: &[String]) -> Result<ApplicationTable, FeedError> {
    ApplicationTable::build(applications.values().cloned(), audiences).map_err(FeedError::Table)
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) => write!(f, "the page cannot be read: {what}"),
            Self::Unreachable => f.write_str("the control service did not answer"),
            Self::Status(401) => {
                f.write_str("the control service refuses the filter credential (status 401)")
            }
            Self::Status(status) => write!(f, "the control service answered with status {status}"),
            Self::DoesNotFollow => f.write_str("the page does not follow on what is held"),
            Self::Older => f.write_str("the page is older than what is held"),
            Self::SnapshotBroken => f.write_str("the snapshot's pages do not fit each other"),
            Self::OutOfBounds(what) => write!(f, "the page is out of bounds: {what}"),
            Self::TooManyRevocations(most) => write!(
                f,
                "there are more revocations than max_revocations, which is {most}: nothing new is \
                 taken over until it is raised"
            ),
            Self::NoKeys => f.write_str("the page brings no usable key"),
            Self::Key(KeyError(kid)) => write!(f, "key {kid:?} cannot be used"),
            Self::Application(error) => {
                write!(f, "application {:?}: {}", error.audience, error.problem)
            }
            Self::Table(error) => write!(
                f,
                "two applications at {}{}",
                error.origin, error.path_prefix
            ),
            Self::Shared(error) => write!(f, "{error}: this worker polls for itself"),
        }
    }
}

impl std::error::Error for FeedError {}
