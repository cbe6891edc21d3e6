//! `/dashboard/settings/filter-credentials/make`: the form, and the credential, once.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::super::super::fields::Fields;
use super::super::super::form::{Field, Form};
use super::super::super::fresh::Fresh;
use super::super::super::secret::Made;
use super::LIST;
use crate::applications::Application;
use crate::problems::InputProblems;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::tokens::credential::check_name;
use crate::tokens::filter_credentials::{CredentialRequest, make as make_credential};

/// `GET /dashboard/settings/filter-credentials/make`.
pub async fn ask(State(service): State<Arc<Service>>, fresh: Fresh) -> Result<Response, Failure> {
    let applications = service.storage.applications().await?;
    form(&applications, &Fields::default()).show(fresh.person())
}

/// `POST /dashboard/settings/filter-credentials/make`.
pub async fn make(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let applications = service.storage.applications().await?;
    let (name, chosen) = (fields.text("name").trim(), fields.all("applications"));
    let audiences: Vec<String> = chosen.map(ToOwned::to_owned).collect();
    let mut problems = InputProblems::default();
    check_name(name, &mut problems);
    for audience in &audiences {
        if !applications.iter().any(|one| one.audience == *audience) {
            problems.add("applications", audience, "no application has this audience");
        }
    }
    if let Err(refused) = problems.finish() {
        return form(&applications, &fields).refused(person, refused);
    }
    let request = CredentialRequest {
        name,
        audiences: (!audiences.is_empty()).then_some(audiences),
    };
    let by = person.administrator().initiator();
    let made = make_credential(&service, request, by).await?;
    Made {
        what: "filter credential",
        name: if name.is_empty() { &made.id } else { name },
        facts: vec![("Id", made.id.clone())],
        word: "Credential",
        secret: &made.credential,
        then: "Put it into the file that the filter's Envoy reads its secret from, on each machine that uses it.",
        list: LIST,
    }
    .show(person)
}

fn form<'a>(applications: &'a [Application], typed: &Fields) -> Form<'a> {
    let choices = applications.iter();
    let choices = choices.map(|one| (one.audience.as_str(), one.definition.name.as_str()));
    Form {
        act: "Make a filter credential",
        to: "",
        from: LIST,
        intro: "Use one for each place where Envoy runs, so that one can be revoked without the others.",
        fields: vec![
            Field::line("name", "Name", typed).help("What you call it, such as edge. It may be empty."),
            Field::boxes("applications", "Only for these applications", (choices, typed)).help(
                "Without a tick it is for all. A filter that protects some should get a credential for these \
                 only: then nobody can use it to ask about others.",
            ),
        ],
        button: "Make the credential",
    }
}
