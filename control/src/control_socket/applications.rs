//! `GET /applications`, `POST /applications`, `POST /applications/set`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::{Items, SocketError};
use crate::applications::{Application, Checked, Definition, Draft, check};
use crate::problems::{Problems, Refused};
use crate::service::Service;

/// An application with all its settings, as they would be written.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplicationView {
    /// `aud` of its tokens.
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

/// All applications, by name.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<ApplicationView>>, SocketError> {
    let applications = service.storage.applications().await?;
    Ok(Json(Items {
        items: applications.iter().map(ApplicationView::from).collect(),
    }))
}

/// A new application, with an audience of its own.
pub async fn add(
    State(service): State<Arc<Service>>,
    Input(draft): Input<Draft>,
) -> Result<Json<ApplicationView>, SocketError> {
    let application = Application {
        audience: service.random.audience()?,
        declared: false,
        definition: checked(&service, draft)?,
    };
    let version = service.storage.add_application(&application).await?;
    service.news.tell(version);
    let name = &application.definition.name;
    let stored = service.storage.application_named(name).await?;
    let application = stored.unwrap_or(application);
    tracing::info!(
        audience = application.audience,
        version,
        "application added"
    );
    Ok(Json(ApplicationView::from(&application)))
}

/// Changes what is given and leaves the rest.
pub async fn set(
    State(service): State<Arc<Service>>,
    Input(request): Input<SetApplication>,
) -> Result<Json<ApplicationView>, SocketError> {
    let was = service.storage.application_named(&request.name).await?;
    let was = was.ok_or(SocketError::Unknown {
        path: "name",
        value: request.name,
        message: "there is no application with this name; `application list` shows all",
    })?;
    let draft = request.changes.over(Draft::from(&was.definition));
    let definition = checked(&service, draft)?;
    if let Some(version) = service
        .storage
        .change_application(&was, &definition)
        .await?
    {
        service.news.tell(version);
        tracing::info!(audience = was.audience, version, "application changed");
    }
    Ok(Json(ApplicationView::from(&Application {
        definition,
        ..was
    })))
}

fn checked(service: &Service, draft: Draft) -> Result<Definition, Refused> {
    let mut problems = Problems::default();
    let how = Checked {
        path: "",
        demo: service.config.server.demo,
    };
    let definition = check(draft, how, &mut problems);
    problems.finish()?;
    definition.ok_or_else(|| Refused(Vec::new()))
}
