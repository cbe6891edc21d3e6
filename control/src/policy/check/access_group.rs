//! An access group as an administrator wrote it.

use super::context::Names;
use super::place::Home;
use super::selectors::conditions;
use super::single::plain;
use crate::config::values::{Table, text};
use crate::policy::rules::AccessGroup;
use crate::policy::selector::{Selector, Subject};

/// An access group as written. `None` is a problem.
pub fn access_group(table: &mut Table<'_>, names: Names<'_>) -> Option<AccessGroup> {
    let name = table.required("name", text);
    let path = table.path_of("name");
    let name = name.and_then(|name| plain(&name, &path, table.problems()));
    let conditions = conditions(table, Home::AccessGroup, names);
    table.finish();
    let group = AccessGroup {
        name: name?,
        conditions: conditions?,
    };
    let has = |subject| {
        let mut selectors = group.conditions.selectors();
        selectors.any(|one: &Selector| one.subject() == subject)
    };
    if has(Subject::Identity) && has(Subject::Address) {
        let path = table.path().to_owned();
        let message = "has selectors about people and `ip` selectors; make one group of each, and name \
                       both in the rule";
        table.problems().add(&path, &group.name, message);
        return None;
    }
    Some(group)
}
