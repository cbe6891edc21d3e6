//! `forward_groups`: `"policy"`, or a list of groups.

use portcullis::protocol::claims::MAX_GROUPS_HEADER_BYTES;
use serde_json::Value;

use super::context::CheckContext;
use crate::applications::forward_groups::{FittingGroups, ForwardGroups};
use crate::policy::check::group;
use crate::problems::InputProblems;
use crate::problems::config::show;

/// More never fit, however short they are.
const MAX_GROUPS: usize = 300;

/// The setting. `None` if a problem was noted.
pub(super) fn forward_groups(
    value: Option<Value>,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<ForwardGroups> {
    let path = context.at("forward_groups");
    let Some(value) = value else {
        return Some(ForwardGroups::None);
    };
    let shown = show(&value);
    match ForwardGroups::try_from(value) {
        Ok(ForwardGroups::Listed(names)) => listed(names, &path, context, problems),
        Ok(setting) => Some(setting),
        Err(message) => {
            problems.add(&path, shown, message);
            None
        }
    }
}

fn listed(
    names: Vec<String>,
    path: &str,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<ForwardGroups> {
    if names.len() > MAX_GROUPS {
        problems.add(path, names.len(), too_many(MAX_GROUPS));
        return None;
    }
    let mut checked: Vec<String> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match group(name, &path, context.names, problems) {
            Some(name) if checked.contains(&name) => {
                problems.add(&path, name, "is listed twice");
            }
            name => checked.extend(name),
        }
    }
    if checked.len() < names.len() {
        return None;
    }
    let FittingGroups { groups, left_out } = FittingGroups::of(checked.iter().map(String::as_str));
    if left_out > 0 {
        problems.add(path, checked.len(), too_many(groups.len()));
        return None;
    }
    Some(ForwardGroups::Listed(checked))
}

fn too_many(fitting: usize) -> String {
    format!(
        "are too many groups: only the first {fitting} fit into x-access-user-groups, which has at most \
         {MAX_GROUPS_HEADER_BYTES} bytes; name only those that the application needs"
    )
}
