//! What the audit log tells about access groups.

use super::rows::StoredAccessGroup;
use crate::audit::changes::Changes;
use crate::audit::{Event, EventName, Initiator, Subject};

/// An access group is new, or not what it was.
pub(super) fn changed(
    by: &Initiator,
    before: Option<&StoredAccessGroup>,
    now: &StoredAccessGroup,
) -> Event {
    let name = match before {
        None => EventName::AccessGroupAdded,
        Some(_) => EventName::AccessGroupChanged,
    };
    event(name, by, before, Some(now)).detail("declared", now.declared)
}

/// An access group is gone.
pub(super) fn removed(by: &Initiator, was: &StoredAccessGroup) -> Event {
    event(EventName::AccessGroupRemoved, by, Some(was), None)
}

fn event(
    name: EventName,
    by: &Initiator,
    before: Option<&StoredAccessGroup>,
    now: Option<&StoredAccessGroup>,
) -> Event {
    let group = now.or(before).map_or("", |stored| &stored.group.name);
    let conditions =
        |of: Option<&StoredAccessGroup>| of.map(|stored| stored.group.conditions.clone());
    let changes = Changes::between(conditions(before).as_ref(), conditions(now).as_ref());
    Event::new(name, by, Subject::new("access_group", group, group)).changes(changes)
}
