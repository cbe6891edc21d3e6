//! `/dashboard/applications/new`: adds an application, with what nobody can leave out. Everything else has
//! its default.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::allowed::Allowed;
use super::super::fields::Fields;
use super::super::mistakes::in_words;
use super::super::shell::Shell;
use crate::administration::applications::change::{self, SaveError};
use crate::applications::Draft;
use crate::problems::{InputProblem, InputProblems, Refused};
use crate::service::Service;
use crate::storage::ChangeError;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

#[derive(Template)]
#[template(path = "dashboard/applications/new.html")]
struct NewTemplate<'a> {
    shell: Shell,
    typed: &'a Fields,
    /// What is wrong: the field, and the words.
    wrong: Vec<(&'static str, String)>,
}

impl NewTemplate<'_> {
    fn wrong_of(&self, field: &str) -> Vec<&str> {
        let of_field = self.wrong.iter().filter(|(name, _)| *name == field);
        of_field.map(|(_, text)| text.as_str()).collect()
    }
}

/// `GET /dashboard/applications/new`.
pub async fn ask(person: Allowed) -> Result<Response, Failure> {
    page(&person, &Fields::default(), Vec::new())
}

/// `POST /dashboard/applications/new`.
pub async fn add(
    State(service): State<Arc<Service>>,
    person: Allowed,
    fields: Fields,
) -> Result<Response, Failure> {
    match change::add(&service, person.administrator(), draft(&fields)).await {
        Ok((application, _)) => {
            let overview = format!(
                "/dashboard/applications/{}?done=added",
                application.audience
            );
            redirect(StatusCode::SEE_OTHER, &overview)
        }
        Err(SaveError::Refused(refused)) => page(&person, &fields, wrong(refused.0)),
        Err(SaveError::Change(ChangeError::Storage(error)) | SaveError::Storage(error)) => {
            Err(error.into())
        }
        Err(SaveError::Change(error)) => page(&person, &fields, wrong(not_stored(&error))),
        Err(SaveError::Randomness(error)) => Err(error.into()),
    }
}

fn draft(fields: &Fields) -> Draft {
    let list = |name: &str| -> Vec<String> {
        let lines = fields.text(name).lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(ToOwned::to_owned).collect()
    };
    let (domains, addresses) = (list("domains"), list("addresses"));
    let include = match fields.text("who") {
        "everyone" => vec![json!({ "everyone": true })],
        _ => [("email_domain", domains), ("email", addresses)]
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(selector, values)| json!({ selector: values }))
            .collect(),
    };
    let rule = json!({ "id": "allow", "action": "allow", "include": include });
    let policy: Vec<Value> = if include.is_empty() {
        Vec::new()
    } else {
        vec![rule]
    };
    Draft {
        name: Some(fields.text("name").trim().to_owned()),
        origins: Some(list("origins")),
        policy: Some(policy),
        ..Draft::default()
    }
}

/// What only the transaction finds.
fn not_stored(error: &ChangeError) -> Vec<InputProblem> {
    let mut problems = InputProblems::default();
    let field = match error {
        ChangeError::PlaceTaken { .. } => "origins",
        _ => "name",
    };
    problems.add(field, "", error);
    problems.finish().err().unwrap_or(Refused(Vec::new())).0
}

/// Each problem at the field that caused it.
fn wrong(problems: Vec<InputProblem>) -> Vec<(&'static str, String)> {
    let field = |path: &str| match path {
        _ if path.starts_with("origins") => "origins",
        _ if path.contains("email_domain") => "domains",
        _ if path.starts_with("policy") => "addresses",
        _ => "name",
    };
    let problems = problems.iter();
    problems
        .map(|problem| (field(&problem.path), in_words(problem)))
        .collect()
}

fn page(
    person: &Allowed,
    typed: &Fields,
    wrong: Vec<(&'static str, String)>,
) -> Result<Response, Failure> {
    let status = match wrong.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = NewTemplate {
        shell: person.shell(),
        typed,
        wrong,
    };
    person.respond(status, &page)
}
