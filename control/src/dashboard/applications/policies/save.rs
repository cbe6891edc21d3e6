//! Saving the policy in the form.

use axum::http::StatusCode;
use axum::response::Response;

use super::super::last_change::last_change;
use super::edited::Edited;
use super::page::{ChangedMeanwhile, PoliciesPage};
use super::rule::RuleDraft;
use super::sent::Sent;
use super::step::Step;
use super::valid::{Invalid, valid, within_bounds};
use super::view::lists;
use crate::administration::policies::save::{Saved, fingerprint, save as store};
use crate::applications::Application;
use crate::audit::EventName;
use crate::dashboard::refusal;
use crate::sessions::recent::{TO_CONFIRM, is_recent};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// Saves it, or says why not. Nothing that was typed is lost.
pub async fn save(sent: &Sent<'_>, mut edited: Edited) -> Result<Response, Failure> {
    let (service, person) = (sent.service, sent.person);
    edited.close();
    let values = match within_bounds(sent.application, &edited.rules) {
        Ok(values) => values,
        Err(invalid) => return sent.invalid(&mut edited, invalid),
    };
    let is_fresh = is_recent(person.session(), service.now(), TO_CONFIRM);
    if !is_fresh && changes_a_duration(sent.application, &edited.rules) {
        return refusal::sign_in_too_old(service, person, sent.fields);
    }
    let by = person.administrator().clone();
    let by = by.noting(sent.fields.text("note"));
    let audience = &sent.application.audience;
    match store(service, &by, audience, (&edited.base, &values)).await {
        Ok(Saved::Stored(version)) => {
            let version = version.map_or_else(|| "same".to_owned(), |version| version.to_string());
            let page = format!("/dashboard/applications/{audience}/policies?saved={version}");
            redirect(StatusCode::SEE_OTHER, &page)
        }
        Ok(Saved::ChangedMeanwhile(now)) => changed_meanwhile(sent, &now, edited).await,
        Ok(Saved::Gone) => Err(Failure::NotFound),
        Err(error) => {
            let invalid = Invalid::of(error, &edited.rules);
            sent.invalid(&mut edited, invalid)
        }
    }
}

/// Whether some people may get another session duration: the first rule that fits decides, so the order
/// counts as soon as one rule has a duration of its own.
fn changes_a_duration(application: &Application, rules: &[RuleDraft]) -> bool {
    let before = RuleDraft::all_of(&application.definition.policy);
    let has_durations = |rules: &[RuleDraft]| {
        let mut rules = rules.iter();
        rules.any(|rule| !rule.session_duration.is_empty())
    };
    (has_durations(rules) || has_durations(&before)) && before != rules
}

/// The page that shows both policies: the one that is stored now, and the one in the form, which can be
/// saved over it.
async fn changed_meanwhile(
    sent: &Sent<'_>,
    now: &Application,
    mut edited: Edited,
) -> Result<Response, Failure> {
    let wanted = match valid(sent.service, now, &edited.rules).await {
        Ok(wanted) => wanted,
        Err(invalid) => return sent.invalid(&mut edited, invalid),
    };
    edited.base = fingerprint(&now.definition.policy);
    let mut page = PoliciesPage::of(sent.person, now, &edited);
    page.changed_meanwhile = Some(ChangedMeanwhile {
        lists: lists(&RuleDraft::all_of(&now.definition.policy)),
        by: last_change(sent.service, now, EventName::PolicyChanged).await?,
    });
    page.step = Some(Step::of(sent.service, now, &wanted).await?);
    page.respond(sent.person, StatusCode::CONFLICT)
}
