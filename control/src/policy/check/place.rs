//! Where selectors may stand.

use super::context::Names;
use crate::policy::rules::Action;
use crate::policy::selector::{Selector, Subject};

/// Where selectors stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// In a rule.
    Rule(Action),
    /// In a rule whose action is not one.
    UnknownRule,
    /// In an access group.
    AccessGroup,
}

/// Why a selector cannot stand where it does.
pub(super) fn out_of_place(
    selector: &Selector,
    list: &str,
    home: Home,
    names: Names<'_>,
) -> Option<&'static str> {
    let mut groups = names.access_groups.iter();
    let subject = match selector {
        Selector::AccessGroup(names) => {
            if home == Home::AccessGroup {
                return Some("an access group cannot name another");
            }
            groups
                .find(|group| names.0.contains(&group.name))?
                .subject()
        }
        selector => selector.subject(),
    };
    match (home, subject) {
        (Home::UnknownRule, _) | (_, Subject::AccessGroup) => None,
        (_, Subject::Identity)
            if matches!((selector, list), (Selector::Everyone(_), "exclude")) =>
        {
            Some("excludes everyone, so the rule fits nobody; leave the rule out")
        }
        (Home::Rule(Action::Bypass), Subject::Identity) => Some(
            "a `bypass` rule does not know who asks; use path, method and ip there, and for \
             everything { path = \"/*\" }",
        ),
        (Home::Rule(Action::Bypass), Subject::Target) if list == "exclude" => {
            Some("a `bypass` rule can only exclude addresses; list in include what it opens")
        }
        (Home::Rule(Action::Bypass), Subject::Target | Subject::Address) => None,
        (_, Subject::Target) => Some("is for `bypass` rules only"),
        (Home::Rule(Action::Service), Subject::ServiceToken) if list == "include" => None,
        (Home::Rule(Action::Service), Subject::Address) if list != "include" => None,
        (Home::Rule(Action::Service), _) => Some(
            "a `service` rule includes service tokens, and may require or exclude ip; people need \
             an `allow` rule",
        ),
        (_, Subject::ServiceToken) => {
            Some("is for the include of `service` rules only; write another rule for it")
        }
        (Home::Rule(Action::Allow | Action::Block) | Home::AccessGroup, _) => None,
    }
}
