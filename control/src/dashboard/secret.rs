//! The page that shows a secret that was made, once.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::allowed::Allowed;
use super::shell::Shell;
use super::shown::Shown;
use crate::team_domain::page::failure::Failure;
use crate::tokens::secret::Plain;

/// Something that was made, with its secret.
pub struct Made<'a> {
    /// What it is, as `service token`.
    pub what: &'static str,
    /// Its name, or its id.
    pub name: &'a str,
    /// What is shown beside the secret: a word and a value each.
    pub facts: Vec<(&'static str, String)>,
    /// The secret's word, as `Client secret`.
    pub word: &'static str,
    /// The secret.
    pub secret: &'a Plain,
    /// What to do with it, in a sentence.
    pub then: &'static str,
    /// The list: its title and its path.
    pub list: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "dashboard/secret.html")]
struct SecretTemplate<'a> {
    shell: Shell,
    made: &'a Made<'a>,
    name: Shown,
    secret: &'a str,
}

impl Made<'_> {
    /// Shows it. A second press of the button does not make it again, and does not show it.
    pub fn show(&self, person: &Allowed) -> Result<Response, Failure> {
        let page = SecretTemplate {
            shell: person.shell(),
            made: self,
            name: Shown::new(self.name),
            secret: self.secret.reveal(),
        };
        person.respond(StatusCode::OK, &page)
    }
}
