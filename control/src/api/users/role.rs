//! Roles: `PUT users/{id}/role`; on the control socket `POST /users/role`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::administrator::Administrator;
use super::super::command_error::CommandError;
use super::super::error::ApiError;
use super::super::input::{Input, OptionalBody, optional};
use super::selected::{NO_SUCH_ID, NamedUser, no_such_email};
use crate::administration::role::Role;
use crate::administration::roles;
use crate::problems::{InputProblems, Refused};
use crate::service::Service;
use crate::storage::{ChangedRole, RoleError, UserSelector};

/// A role to give.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NewRole {
    /// `viewer`, `help_desk` or `administrator`; `none` takes the role away.
    role: String,
}

/// The same with the user's e-mail address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    email: String,
    role: String,
}

/// A role that was set.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// The user's id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The role now; null if it was taken away.
    pub role: Option<String>,
    /// The role until now.
    pub before: Option<String>,
}

impl RoleView {
    fn of(changed: ChangedRole, role: Option<Role>) -> Self {
        let name = |role: Option<Role>| role.map(|role| role.name().to_owned());
        Self {
            id: changed.id,
            email: changed.email,
            role: name(role),
            before: name(changed.before),
        }
    }
}

/// Gives a user a role, or takes it away.
#[utoipa::path(
    put,
    path = "/users/{id}/role",
    operation_id = "set_role",
    params(("id" = String, Path, description = "The user's id: `sub` of their tokens.")),
    request_body(content = NewRole, example = json!({ "role": "help_desk" })),
    responses((status = OK, body = RoleView), (status = CONFLICT)),
)]
pub async fn set(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Path(id): Path<String>,
    body: OptionalBody,
) -> Result<Json<RoleView>, ApiError> {
    let request: NewRole = optional(body)?;
    let role = checked(&request.role)?;
    let selector = UserSelector::Id(&id);
    match roles::set_role(&service, selector, role, &administrator).await {
        Ok(changed) => Ok(Json(RoleView::of(changed, role))),
        Err(RoleError::NoSuchUser | RoleError::SeveralUsers(_)) => Err(NO_SUCH_ID),
        Err(RoleError::LastAdministrator) => Err(ApiError::LastAdministrator),
        Err(RoleError::Storage(error)) => Err(error.into()),
    }
}

/// The same by e-mail address or id.
pub async fn set_by_email(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<SetRole>,
) -> Result<Json<RoleView>, CommandError> {
    let role = checked(&request.role)?;
    let named = NamedUser::of(&request.email);
    match roles::set_role(&service, named.selector(), role, &administrator).await {
        Ok(changed) => Ok(Json(RoleView::of(changed, role))),
        Err(RoleError::NoSuchUser) => Err(no_such_email(&request.email)),
        Err(RoleError::SeveralUsers(count)) => Err(CommandError::SeveralUsers(count)),
        Err(RoleError::LastAdministrator) => Err(CommandError::LastAdministrator),
        Err(RoleError::Storage(error)) => Err(error.into()),
    }
}

fn checked(text: &str) -> Result<Option<Role>, Refused> {
    let mut problems = InputProblems::default();
    let role = Role::or_none(text);
    if let Err(error) = &role {
        problems.add("role", text, error);
    }
    problems.finish()?;
    Ok(role.unwrap_or_default())
}
