//! `/dashboard/settings/access-groups/edit?name=…`: the form of an access group, what saving would do, and
//! saving. Without a name it is a new one. Only *Save* changes anything.

mod page;
mod step;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value};

use super::super::super::allowed::Allowed;
use super::super::super::applications::policies::list::List;
use super::super::super::applications::policies::mistake::Mistake;
use super::super::super::applications::policies::press::Press;
use super::super::super::applications::policies::rule::RuleDraft;
use super::super::super::applications::policies::typed::{add_condition, typed};
use super::super::super::fields::Fields;
use super::super::super::refusal;
use super::{LIST, Which};
use crate::administration::access_groups::{CheckError, checked, find, naming, set};
use crate::administration::etag::Etag;
use crate::policy::rules::AccessGroup;
use crate::problems::Refused;
use crate::service::Service;
use crate::sessions::recent::{TO_CONFIRM, is_recent};
use crate::storage::{AccessGroupError, ExpectedGroup, StoredAccessGroup};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;
use page::{EditPage, Theirs};
use step::GroupStep;

/// A form that was sent.
struct Sent<'a> {
    service: &'a Service,
    person: &'a Allowed,
    /// The group as it is now; `None`: it is a new one.
    before: Option<&'a StoredAccessGroup>,
    /// What the form says.
    draft: RuleDraft,
    /// What the group was when the editing began.
    base: String,
}

/// `GET /dashboard/settings/access-groups/edit`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    let before = find(&service, &which.name).await?;
    match &before {
        None if !which.name.is_empty() => return Err(Failure::NotFound),
        // What the file declares is listed, and changed there.
        Some(before) if before.declared => return redirect(StatusCode::FOUND, LIST.1),
        _ => {}
    }
    let draft = before.as_ref().map(|one| draft_of(&one.group));
    let base = fingerprint(before.as_ref());
    let draft = draft.unwrap_or_default();
    EditPage::of(&person, before.as_ref(), (&draft, base)).respond(&person, StatusCode::OK)
}

/// `POST /dashboard/settings/access-groups/edit`.
pub async fn edit(
    State(service): State<Arc<Service>>,
    person: Allowed,
    which: Result<Query<Which>, QueryRejection>,
    fields: Fields,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    let press = Press::of(fields.text("do")).ok_or(Failure::BadForm)?;
    let draft = match press {
        Press::Save => carried(&fields),
        _ => typed(&fields),
    };
    let mut draft = draft.ok_or(Failure::BadForm)?;
    if !which.name.is_empty() {
        // A group keeps its name.
        draft.id = which.name;
    }
    let before = find(&service, &draft.id).await?;
    if before.as_ref().is_some_and(|before| before.declared) {
        return redirect(StatusCode::SEE_OTHER, LIST.1);
    }
    let mut sent = Sent {
        service: &service,
        person: &person,
        before: before.as_ref(),
        draft,
        base: fields.text("base").to_owned(),
    };
    match press {
        Press::AddCondition(list) => {
            let focus = add_condition(&mut sent.draft, list, &fields);
            sent.again(focus)
        }
        Press::DropCondition(list, position) => {
            sent.draft.drop_condition(list, position);
            sent.again(None)
        }
        Press::Keep => sent.again(None),
        Press::Check => sent.check().await,
        Press::Save => sent.save(&fields).await,
        _ => Err(Failure::BadForm),
    }
}

impl Sent<'_> {
    fn page(&self) -> EditPage {
        // A new group of a taken name stays a new one.
        let before = self.before.filter(|_| !self.base.is_empty());
        EditPage::of(self.person, before, (&self.draft, self.base.clone()))
    }

    fn again(&self, focus: Option<String>) -> Result<Response, Failure> {
        let mut page = self.page();
        page.focus = focus.unwrap_or_default();
        page.respond(self.person, StatusCode::OK)
    }

    /// Says what saving would do.
    async fn check(&self) -> Result<Response, Failure> {
        let group = match self.checked().await? {
            Ok(group) => group,
            Err(mistakes) => return self.wrong(StatusCode::UNPROCESSABLE_ENTITY, mistakes),
        };
        let mut page = self.page();
        page.step = Some(GroupStep::of(self.service, &group).await?);
        page.respond(self.person, StatusCode::OK)
    }

    async fn save(&self, fields: &Fields) -> Result<Response, Failure> {
        let group = match self.checked().await? {
            Ok(group) => group,
            Err(mistakes) => return self.wrong(StatusCode::UNPROCESSABLE_ENTITY, mistakes),
        };
        let is_same = self.before.is_some_and(|before| before.group == group);
        if fingerprint(self.before) != self.base && !is_same {
            return self.changed_meanwhile(&group).await;
        }
        let is_fresh = is_recent(self.person.session(), self.service.now(), TO_CONFIRM);
        if !is_fresh && self.decides_durations().await? {
            return refusal::sign_in_too_old(self.service, self.person, fields);
        }
        let by = self.person.acting(fields);
        let before = self.before.map(|before| &before.group);
        match set(
            self.service,
            &by,
            (&group, before),
            ExpectedGroup::Is(before),
        )
        .await
        {
            Ok(version) => {
                let version = version.map_or_else(String::new, |version| version.to_string());
                let page = format!("{}?done=saved&version={version}", LIST.1);
                redirect(StatusCode::SEE_OTHER, &page)
            }
            Err(AccessGroupError::Storage(error)) => Err(error.into()),
            Err(error) => {
                let mistake = Mistake::of_policy(&error.to_string());
                self.wrong(StatusCode::CONFLICT, vec![mistake])
            }
        }
    }

    /// Whether somebody may get another session duration: a policy that names the group has rules with a
    /// duration of their own.
    async fn decides_durations(&self) -> Result<bool, Failure> {
        let all = self.service.storage.applications().await?;
        let mut naming = naming(&self.draft.id, &all);
        Ok(naming.any(|one| {
            let mut rules = one.definition.policy.rules().iter();
            rules.any(|rule| rule.session_duration.is_some())
        }))
    }

    /// The group, or what is wrong with it.
    async fn checked(&self) -> Result<Result<AccessGroup, Vec<Mistake>>, Failure> {
        let mistakes = |refused: &Refused| {
            let problems = refused.0.iter();
            problems.map(Mistake::of_access_group).collect()
        };
        if self.before.is_some() && self.base.is_empty() {
            let text = "is the name of another access group";
            return Ok(Err(vec![Mistake::of_name(text)]));
        }
        let conditions = conditions_of(&self.draft);
        match checked(self.service, &self.draft.id, conditions, self.before).await {
            Ok(group) => Ok(Ok(group)),
            Err(CheckError::Refused(refused)) => Ok(Err(mistakes(&refused))),
            Err(CheckError::Storage(error)) => Err(error.into()),
        }
    }

    fn wrong(&self, status: StatusCode, mistakes: Vec<Mistake>) -> Result<Response, Failure> {
        let mut page = self.page();
        page.show_mistakes(&self.draft, mistakes);
        page.respond(self.person, status)
    }

    /// The page that shows both groups: the one that is stored now, and the one in the form, which can be
    /// saved over it.
    async fn changed_meanwhile(&self, group: &AccessGroup) -> Result<Response, Failure> {
        let base = fingerprint(self.before);
        let mut page = EditPage::of(self.person, self.before, (&self.draft, base));
        page.theirs = Some(Theirs::of(self.before));
        page.step = Some(GroupStep::of(self.service, group).await?);
        page.respond(self.person, StatusCode::CONFLICT)
    }
}

/// What tells one state of a group from another; empty if there is none.
fn fingerprint(group: Option<&StoredAccessGroup>) -> String {
    group.map_or_else(String::new, |one| {
        Etag::of_access_group(&one.group).quoted()
    })
}

/// A group as the form edits it: as a rule without an action.
fn draft_of(group: &AccessGroup) -> RuleDraft {
    // Serializing conditions to memory cannot fail, and what is serialized are conditions.
    let conditions = serde_json::to_value(&group.conditions).unwrap_or_default();
    let mut draft = RuleDraft::of(&conditions).unwrap_or_default();
    draft.id.clone_from(&group.name);
    draft
}

/// The group that the form of *Save* carries.
fn carried(fields: &Fields) -> Option<RuleDraft> {
    let value: Value = serde_json::from_str(fields.text("group")).ok()?;
    RuleDraft::of(&value)
}

fn conditions_of(draft: &RuleDraft) -> Map<String, Value> {
    let Value::Object(fields) = draft.value() else {
        return Map::new();
    };
    let is_list = |name: &str| List::named(name).is_some();
    fields
        .into_iter()
        .filter(|(name, _)| is_list(name))
        .collect()
}
