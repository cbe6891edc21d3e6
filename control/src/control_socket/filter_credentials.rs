//! `POST /filter-credentials`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::SocketError;
use super::input::Input;
use crate::problems::Problems;
use crate::service::Service;
use crate::tokens::filter_credentials;

/// Which applications the credential is for; none named: all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddFilterCredential {
    #[serde(default)]
    applications: Vec<String>,
}

/// A credential that was made.
#[derive(Serialize, Deserialize)]
pub struct AddedFilterCredential {
    /// Its id, in logs too.
    pub id: String,
    /// The credential, shown this once.
    pub credential: String,
}

/// A new credential, shown in the answer only.
pub async fn add(
    State(service): State<Arc<Service>>,
    Input(request): Input<AddFilterCredential>,
) -> Result<Json<AddedFilterCredential>, SocketError> {
    let mut problems = Problems::default();
    let mut audiences = Vec::new();
    for (index, name) in request.applications.iter().enumerate() {
        match service.storage.application_named(name).await? {
            Some(application) => audiences.push(application.audience),
            None => problems.add(
                &format!("applications[{index}]"),
                name,
                "there is no application with this name; `application list` shows all",
            ),
        }
    }
    problems.finish()?;
    let audiences = (!audiences.is_empty()).then_some(audiences);
    let made = filter_credentials::make(&service, audiences).await?;
    Ok(Json(AddedFilterCredential {
        id: made.id,
        credential: made.credential.reveal().to_owned(),
    }))
}
