//! `/dashboard/administrators/change`: gives a user a role, or takes it away.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::allowed::Allowed;
use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::super::shell::Shell;
use super::super::shown::Shown;
use crate::administration::role::Role;
use crate::administration::roles;
use crate::api::users::selected::NamedUser;
use crate::service::Service;
use crate::storage::RoleError;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

const LAST: &str =
    "This is the last administrator who can sign in. Make somebody else administrator first.";

/// Whom the form begins with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Whom {
    user: String,
}

#[derive(Template)]
#[template(path = "dashboard/administrators/change.html")]
struct ChangeTemplate {
    shell: Shell,
    /// What was typed.
    user: String,
    role: String,
    /// The person's own address.
    own: Shown,
    wrong_user: Option<String>,
    wrong_role: Option<&'static str>,
}

/// `GET /dashboard/administrators/change`.
pub async fn show(fresh: Fresh, Query(whom): Query<Whom>) -> Result<Response, Failure> {
    let page = ChangeTemplate::new(fresh.person(), &whom.user, "");
    fresh.person().respond(StatusCode::OK, &page)
}

/// `POST /dashboard/administrators/change`.
pub async fn save(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let (user, role) = (fields.text("user").trim(), fields.text("role"));
    let mut page = ChangeTemplate::new(person, user, role);
    match Role::or_none(role) {
        Err(_) => page.wrong_role = Some("Choose a role."),
        Ok(role) => {
            let named = NamedUser::of(user);
            let set =
                roles::set_role(&service, named.selector(), role, person.administrator()).await;
            match set {
                Ok(_) => {
                    let list = "/dashboard/administrators?done=role";
                    return redirect(StatusCode::SEE_OTHER, list);
                }
                Err(RoleError::Storage(error)) => return Err(error.into()),
                Err(RoleError::LastAdministrator) => page.wrong_role = Some(LAST),
                Err(error) => page.wrong_user = Some(why(&error)),
            }
        }
    }
    person.respond(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn why(error: &RoleError) -> String {
    match error {
        RoleError::SeveralUsers(count) => {
            format!(
                "{count} users have this address. Type the id of one, as the page of the user shows it."
            )
        }
        _ => "Nobody with this address or id has signed in or was added. Check the spelling."
            .to_owned(),
    }
}

impl ChangeTemplate {
    fn new(person: &Allowed, user: &str, role: &str) -> Self {
        Self {
            shell: person.shell(),
            user: user.to_owned(),
            role: role.to_owned(),
            own: Shown::new(&person.session().email),
            wrong_user: None,
            wrong_role: None,
        }
    }

    fn has_errors(&self) -> bool {
        self.wrong_user.is_some() || self.wrong_role.is_some()
    }

    fn roles(&self) -> Vec<(&'static str, &'static str, bool)> {
        let all = Role::ALL.map(|role| (role.name(), role.label()));
        let choices = [("", "Choose a role")].into_iter().chain(all);
        let choices = choices.chain([("none", "none: no access to the dashboard")]);
        choices
            .map(|(name, label)| (name, label, name == self.role))
            .collect()
    }
}
