//! `POST /dashboard/applications/{audience}/settings`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::super::allowed::Allowed;
use super::super::super::fields::Fields;
use super::super::super::mistakes::is_of;
use super::super::super::refusal;
use super::super::find;
use super::super::last_change::last_change;
use super::consequences;
use super::merge::{Merged, merge};
use super::setting::all;
use super::values::Values;
use super::view::{Said, page};
use crate::administration::applications::change::{self, SaveError};
use crate::applications::{Application, Definition, Draft};
use crate::audit::EventName;
use crate::problems::{InputProblem, InputProblems};
use crate::service::Service;
use crate::sessions::recent::{TO_CONFIRM, is_recent};
use crate::storage::{ChangeError, TakeOver};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// The paths that browsers ask for without a session: icons, and manifests (which they request without
/// cookies).
const USUAL_PATHS: [&str; 4] = [
    "GET /favicon.ico",
    "GET /apple-touch-icon.png",
    "GET /manifest.json",
    "GET /site.webmanifest",
];
/// How often it is tried again if somebody else saves at the same moment.
const TRIES: usize = 3;

/// `POST /dashboard/applications/{audience}/settings`.
pub async fn save(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    for _ in 0..TRIES {
        let application = find(&service, &audience).await?;
        let edit = Edit::of(&person, &fields, application);
        if let Some(answer) = edit.save(&service).await? {
            return Ok(answer);
        }
    }
    Err(Failure::Broken("an application is changed again and again"))
}

/// A form, and the application as it is now.
struct Edit<'a> {
    person: &'a Allowed,
    fields: &'a Fields,
    application: Application,
    now: Values,
    merged: Merged,
}

impl<'a> Edit<'a> {
    fn of(person: &'a Allowed, fields: &'a Fields, application: Application) -> Self {
        let opened = Values::read(fields, "was.");
        let mut typed = Values::read(fields, "");
        for setting in all() {
            if fields.text(&format!("take.{}", setting.name)) == "now" {
                typed.set(setting.name, opened.text(setting.name));
            }
        }
        let now = Values::of(&application.definition);
        Self {
            merged: merge(&opened, &now, typed),
            person,
            fields,
            application,
            now,
        }
    }

    /// `None` if somebody else saved at the same moment.
    async fn save(mut self, service: &Service) -> Result<Option<Response>, Failure> {
        if self.application.declared {
            return self.declared().map(Some);
        }
        if self.fields.text("act") == "usual_paths" {
            return self.with_usual_paths().map(Some);
        }
        if !self.merged.conflicts.is_empty() {
            return self.conflict(service).await.map(Some);
        }
        let definition = match self.checked(service).await {
            Ok(definition) => definition,
            Err(SaveError::Refused(refused)) => return self.refused(refused.0).map(Some),
            Err(SaveError::Storage(error)) => return Err(error.into()),
            Err(SaveError::Change(_) | SaveError::Randomness(_)) => {
                return Err(Failure::Broken("a check changed something"));
            }
        };
        let was = &self.application.definition;
        let is_changed = was.session_duration_seconds != definition.session_duration_seconds;
        let ends_or_opens = !consequences::of(was, &definition, 0).is_empty();
        if (is_changed || ends_or_opens)
            && !is_recent(self.person.session(), service.now(), TO_CONFIRM)
        {
            return refusal::sign_in_too_old(service, self.person, self.fields).map(Some);
        }
        if let Some(asked) = self.ask(service, &definition).await? {
            return Ok(Some(asked));
        }
        let take_over = TakeOver::allowed_if(!self.fields.text("leave_to_wildcard").is_empty());
        let by = self.person.administrator();
        let changed = change::change(service, by, &self.application, (&definition, take_over));
        match changed.await {
            Ok(version) => self.saved(version).map(Some),
            Err(ChangeError::Raced | ChangeError::GroupsChanged) => Ok(None),
            Err(ChangeError::Storage(error)) => Err(error.into()),
            Err(error) => self.not_stored(&error).map(Some),
        }
    }

    async fn checked(&self, service: &Service) -> Result<Definition, SaveError> {
        let before = Draft::from(&self.application.definition);
        let draft = self.merged.values.to_draft().over(before);
        change::checked(service, draft, Some(&self.application)).await
    }

    /// `Some` asks whether to save, if that ends or opens something.
    async fn ask(
        &self,
        service: &Service,
        definition: &Definition,
    ) -> Result<Option<Response>, Failure> {
        let storage = &service.storage;
        let people = storage.sessions_in(&self.application.audience, service.now());
        let people = people.await?;
        let consequences = consequences::of(&self.application.definition, definition, people);
        // The number of people may change while somebody reads it.
        let confirmation = consequences::digest(&consequences::of(
            &self.application.definition,
            definition,
            0,
        ));
        let is_confirmed = self.fields.text("confirmed") == confirmation;
        if consequences.is_empty() || is_confirmed {
            return Ok(None);
        }
        let said = Said {
            consequences,
            confirmation,
            ..Said::default()
        };
        self.page(StatusCode::UNPROCESSABLE_ENTITY, &said).map(Some)
    }

    fn saved(&self, version: Option<u64>) -> Result<Response, Failure> {
        let audience = &self.application.audience;
        let (version, merged) = (version.unwrap_or_default(), self.merged.has_others);
        let page =
            format!("/dashboard/applications/{audience}/settings?saved={version}&merged={merged}");
        redirect(StatusCode::SEE_OTHER, &page)
    }

    /// The form again, with the usual paths; nothing is saved.
    fn with_usual_paths(&mut self) -> Result<Response, Failure> {
        let mut bypass: Vec<&str> = self.merged.values.text("bypass").lines().collect();
        bypass.extend(USUAL_PATHS);
        let mut seen = std::collections::HashSet::new();
        bypass.retain(|line| seen.insert(*line));
        let bypass = bypass.join("\n");
        self.merged.values.set("bypass", &bypass);
        let said = Said {
            notice: Some("The usual paths were added to Bypass. Nothing is saved yet.".to_owned()),
            ..Said::default()
        };
        self.page(StatusCode::UNPROCESSABLE_ENTITY, &said)
    }

    fn declared(&self) -> Result<Response, Failure> {
        let general = "The configuration file declares this application meanwhile. “Copy as TOML” has what \
                       you typed.";
        let said = Said {
            general: vec![general.to_owned()],
            ..Said::default()
        };
        self.page(StatusCode::CONFLICT, &said)
    }

    async fn conflict(mut self, service: &Service) -> Result<Response, Failure> {
        let said = Said {
            conflicts: std::mem::take(&mut self.merged.conflicts),
            other: last_change(service, &self.application, EventName::ApplicationChanged).await?,
            ..Said::default()
        };
        self.page(StatusCode::CONFLICT, &said)
    }

    fn refused(&self, problems: Vec<InputProblem>) -> Result<Response, Failure> {
        let has_field = |problem: &InputProblem| all().any(|one| is_of(problem, one.name));
        let general = problems.iter().filter(|problem| !has_field(problem));
        let said = Said {
            general: general.map(ToString::to_string).collect(),
            problems,
            ..Said::default()
        };
        self.page(StatusCode::UNPROCESSABLE_ENTITY, &said)
    }

    /// What only the transaction finds.
    fn not_stored(&self, error: &ChangeError) -> Result<Response, Failure> {
        let mut problems = InputProblems::default();
        match error {
            ChangeError::NameTaken => problems.add("name", "", error),
            ChangeError::PlaceTaken { .. } => problems.add("origins", "", error),
            _ => problems.add("", "", error),
        }
        let problems = problems
            .finish()
            .err()
            .map_or_else(Vec::new, |refused| refused.0);
        let said = Said {
            asks_for_wildcard: matches!(error, ChangeError::TakenOver(_)),
            general: problems
                .iter()
                .filter(|problem| problem.path.is_empty())
                .map(ToString::to_string)
                .collect(),
            problems,
            ..Said::default()
        };
        self.page(StatusCode::CONFLICT, &said)
    }

    fn page(&self, status: StatusCode, said: &Said) -> Result<Response, Failure> {
        let shown = (&self.merged.values, &self.now);
        page((self.person, status), &self.application, shown, said)
    }
}
