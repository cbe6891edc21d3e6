//! The page: the fields, what is wrong with them, what saving would do.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::super::allowed::Allowed;
use super::super::super::super::applications::policies::editor::Conditions;
use super::super::super::super::applications::policies::mistake::Mistake;
use super::super::super::super::applications::policies::rule::RuleDraft;
use super::super::super::super::shell::Shell;
use super::super::super::super::shown::Shown;
use super::super::{LIST, address_of, parts};
use super::step::GroupStep;
use crate::storage::StoredAccessGroup;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/settings/access_group.html")]
pub struct EditPage {
    shell: Shell,
    /// The name of the group; `None`: it is a new one.
    name: Option<Shown>,
    here: String,
    base: String,
    /// The name that was typed.
    id: String,
    conditions: Conditions,
    /// The same as JSON.
    group: String,
    mistakes: Vec<Mistake>,
    /// The field to which the cursor goes.
    pub focus: String,
    /// The group as it is now, if it was changed since the editing began.
    pub theirs: Option<Theirs>,
    pub step: Option<GroupStep>,
}

/// What somebody else saved.
pub struct Theirs {
    /// Its conditions; empty if the group is gone.
    pub parts: Vec<(&'static str, Vec<Shown>)>,
}

impl EditPage {
    /// The form of a group.
    pub fn of(
        person: &Allowed,
        before: Option<&StoredAccessGroup>,
        (draft, base): (&RuleDraft, String),
    ) -> Self {
        let name = before.map(|one| one.group.name.as_str());
        Self {
            shell: person.shell(),
            here: name.map_or_else(
                || format!("{}/edit", LIST.1),
                |name| address_of("edit", name),
            ),
            name: name.map(Shown::new),
            base,
            id: draft.id.clone(),
            conditions: Conditions::of_access_group(draft, &[]),
            group: draft.value().to_string(),
            mistakes: Vec::new(),
            focus: String::new(),
            theirs: None,
            step: None,
        }
    }

    /// Says what is wrong: nothing was changed.
    pub fn show_mistakes(&mut self, draft: &RuleDraft, mistakes: Vec<Mistake>) {
        self.conditions = Conditions::of_access_group(draft, &mistakes);
        self.mistakes = mistakes;
    }

    /// The page as a response.
    pub fn respond(&self, person: &Allowed, status: StatusCode) -> Result<Response, Failure> {
        person.respond(status, self)
    }

    fn wrong(&self, field: &str) -> Vec<&Shown> {
        self.conditions.wrong(field)
    }
}

impl Theirs {
    /// The group as it is.
    pub fn of(group: Option<&StoredAccessGroup>) -> Self {
        Self {
            parts: group.map_or_else(Vec::new, |one| parts(&one.group.conditions)),
        }
    }
}
