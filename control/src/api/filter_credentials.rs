//! Filter credentials: `POST /filter-credentials`, on the control socket.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::command_error::CommandError;
use super::input::Input;
use crate::problems::InputProblems;
use crate::service::Service;
use crate::tokens::filter_credentials;

/// The applications that the credential is for; all if none is named.
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
    /// The credential, shown only here.
    pub credential: String,
}

/// Makes a credential, shown in this response only.
pub async fn add(
    State(service): State<Arc<Service>>,
    Input(request): Input<AddFilterCredential>,
) -> Result<Json<AddedFilterCredential>, CommandError> {
    let mut problems = InputProblems::default();
    let mut audiences = Vec::new();
    for (index, name) in request.applications.iter().enumerate() {
        match service.storage.application_named(name).await? {
            Some(application) => audiences.push(application.audience),
            None => problems.add(
                &format!("applications[{index}]"),
                name,
                "no application has this name; `application list` shows all applications",
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
