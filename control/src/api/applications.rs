//! Applications: `GET applications`, `GET applications/{audience or name}`; on the control socket also
//! `GET /applications`, `POST /applications`, `POST /applications/show`, `POST /applications/set`.

pub mod removal;
pub mod revocation;
pub mod selected;
mod sent;
pub mod write;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::Input;
use super::list::{Items, ListPage, ListQuery, QueryResult};
use super::precondition::{Tagged, tagged};
use crate::administration::applications::change::{self as administration, SaveError};
use crate::administration::etag::Etag;
use crate::applications::neighbours::{notes, taken_over};
use crate::applications::{Application, Draft};
use crate::policy::notes::{self as policy_notes, ADMITS_NOBODY};
use crate::service::Service;
use crate::storage::{StorageError, TakeOver};
use selected::{ApplicationName, find, no_such_name};

/// An application with all its settings, as an administrator would write them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    /// The audience: `aud` of its tokens.
    pub audience: String,
    /// Whether it comes from the configuration file.
    pub declared: bool,
    /// Everything else.
    #[serde(flatten)]
    pub settings: Draft,
}

/// Changes to an application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetApplication {
    name: String,
    changes: Draft,
    /// Whether wildcards of other applications may get the hostnames that it gives up.
    #[serde(default)]
    leave_to_wildcard: bool,
}

/// An application that was added or changed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StoredApplication {
    /// The application.
    #[serde(flatten)]
    pub application: ApplicationView,
    /// What its wildcards leave to other applications, or theirs to it, and what it gives up to
    /// theirs: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl From<&Application> for ApplicationView {
    fn from(application: &Application) -> Self {
        Self {
            audience: application.audience.clone(),
            declared: application.declared,
            settings: Draft::from(&application.definition),
        }
    }
}

impl From<Application> for ApplicationView {
    fn from(application: Application) -> Self {
        Self::from(&application)
    }
}

/// Lists applications, by name.
#[utoipa::path(
    get,
    path = "/applications",
    operation_id = "list_applications",
    params(ListQuery),
    responses((status = OK, body = ListPage<ApplicationView>)),
)]
pub async fn list_page(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<ApplicationView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    let after = query.after::<String>()?.unwrap_or_default();
    // There are few, so all are read. Names are not empty.
    let mut applications = service.storage.applications().await?;
    applications.retain(|one| one.definition.name > after);
    applications.sort_by(|one, other| one.definition.name.cmp(&other.definition.name));
    applications.truncate(query.limit_and_one() as usize);
    let position = |last: &Application| last.definition.name.clone();
    Ok(Json(query.page(applications, position)))
}

/// All applications, by name.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<ApplicationView>>, CommandError> {
    let applications = service.storage.applications().await?;
    Ok(Json(Items {
        items: applications.iter().map(ApplicationView::from).collect(),
    }))
}

/// Shows an application.
#[utoipa::path(
    get,
    path = "/applications/{name}",
    operation_id = "show_application",
    params(
        ("name" = String, Path, description = "The application's audience or name. A name with `/` cannot stand in a path behind Envoy: use the audience."),
    ),
    responses(
        (status = OK, body = ApplicationView, headers(("etag" = String, description = "What the resource is now, for `if-match`."))),
    ),
)]
pub async fn show(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
) -> Result<Tagged<ApplicationView>, ApiError> {
    let application = find(&service, &name).await?;
    let etag = Etag::of_application(&application);
    Ok(tagged(&etag, application.into()))
}

/// The same for the command line.
pub async fn show_by_name(
    State(service): State<Arc<Service>>,
    Input(request): Input<ApplicationName>,
) -> Result<Json<ApplicationView>, CommandError> {
    let application = service.storage.application_named(&request.name).await?;
    let application = application.ok_or_else(|| no_such_name(request.name))?;
    Ok(Json(application.into()))
}

/// Adds an application, with a new audience.
pub async fn add(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(draft): Input<Draft>,
) -> Result<Json<StoredApplication>, CommandError> {
    let (application, _) = administration::add(&service, &administrator, draft).await?;
    Ok(Json(
        stored_application(&service, &application, None).await?,
    ))
}

/// Changes the settings that are given.
pub async fn set(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<SetApplication>,
) -> Result<Json<StoredApplication>, CommandError> {
    let before = service.storage.application_named(&request.name).await?;
    let before = before.ok_or_else(|| no_such_name(request.name))?;
    let draft = request.changes.over(Draft::from(&before.definition));
    let definition = administration::checked(&service, draft, Some(&before)).await?;
    let take_over = TakeOver::allowed_if(request.leave_to_wildcard);
    let change = (&definition, take_over);
    administration::change(&service, &administrator, &before, change).await?;
    let now = Application {
        definition,
        ..before.clone()
    };
    Ok(Json(
        stored_application(&service, &now, Some(before)).await?,
    ))
}

impl From<SaveError> for CommandError {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::Refused(refused) => Self::Refused(refused),
            SaveError::Change(error) => error.into(),
            SaveError::Storage(error) => error.into(),
            SaveError::Randomness(error) => error.into(),
        }
    }
}

async fn stored_application(
    service: &Service,
    application: &Application,
    before: Option<Application>,
) -> Result<StoredApplication, StorageError> {
    let all = service.storage.applications().await?;
    let others = all.iter().map(|one| &one.definition);
    let mut notes = notes(&application.definition, others, Some(&service.team_domain));
    if application.definition.policy.admits_nobody() {
        notes.push(ADMITS_NOBODY.to_owned());
    }
    notes.extend(policy_notes::notes(&application.definition.policy));
    notes.extend(application.definition.note_on_groups());
    let taken = taken_over(before.as_slice(), &all);
    notes.extend(taken.iter().map(ToString::to_string));
    Ok(StoredApplication {
        application: ApplicationView::from(application),
        notes,
    })
}
