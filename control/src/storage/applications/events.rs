//! What the audit log tells about changes of applications. A policy has events of its own.

use crate::applications::{Application, Definition, Draft};
use crate::audit::changes::Changes;
use crate::audit::{Event, EventName, Initiator, Subject};

/// The field whose changes are changes of the policy.
const POLICY: &str = "policy";

/// An application is new, or not what it was.
pub(super) fn changed(
    by: &Initiator,
    was: Option<&Definition>,
    application: &Application,
) -> Vec<Event> {
    let now = &application.definition;
    let mut changes = Changes::between(was.map(Draft::from).as_ref(), Some(&Draft::from(now)));
    let event = |name, changes| {
        let subject = Subject::application(&application.audience, &now.name);
        Event::new(name, by, subject)
            .at(&now.name)
            .changes(changes)
            .detail("declared", application.declared)
    };
    if was.is_none() {
        return vec![event(EventName::ApplicationAdded, changes)];
    }
    let policy = changes.take(POLICY);
    let policy = policy.map(|changes| event(EventName::PolicyChanged, changes));
    // It is declared in the configuration file from now on, or was.
    let others = (!changes.is_empty() || policy.is_none())
        .then(|| event(EventName::ApplicationChanged, changes));
    others.into_iter().chain(policy).collect()
}

/// An application is gone, and its tokens are refused below a version of the feed.
pub(super) fn removed(by: &Initiator, application: &Application, version: u64) -> [Event; 2] {
    let definition = &application.definition;
    let subject = Subject::application(&application.audience, &definition.name);
    let changes = Changes::between(Some(&Draft::from(definition)), None);
    let removed = Event::new(EventName::ApplicationRemoved, by, subject.clone())
        .at(&definition.name)
        .changes(changes);
    let revoked = Event::new(EventName::RevocationMade, by, subject)
        .at(&definition.name)
        .reason("application_removed")
        .detail("scope", "application")
        .detail("version", version);
    [removed, revoked]
}
