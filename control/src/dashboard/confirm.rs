//! The page that asks before something ends or is destroyed.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::allowed::Allowed;
use super::shell::Shell;
use super::shown::Shown;
use crate::team_domain::page::failure::Failure;

/// A question. Its form goes to the page's own path.
pub struct Question<'a> {
    /// What is to be done, as `Refuse the key`.
    pub act: &'static str,
    /// To what, by its name.
    pub to: &'a str,
    /// The page from which it comes: its title and its path.
    pub from: (&'static str, &'static str),
    /// What the person should know first; may be empty.
    pub warning: &'a str,
    /// What ends, what does not, whether it can be undone: a word and a sentence each.
    pub facts: Vec<(&'static str, String)>,
    /// The text of the button.
    pub button: &'static str,
    /// Whether something ends or is destroyed: then the button is red.
    pub ends: bool,
    /// Whether the name must be typed.
    pub is_typed: bool,
    /// What must be ticked as well: the box, `agreed`.
    pub to_agree: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "dashboard/confirm.html")]
struct ConfirmTemplate<'a> {
    shell: Shell,
    question: &'a Question<'a>,
    to: Shown,
    action: &'a str,
    /// What was typed instead of the name.
    wrong: Option<&'a str>,
}

impl Question<'_> {
    /// Asks.
    pub fn ask(&self, person: &Allowed) -> Result<Response, Failure> {
        self.page(person, StatusCode::OK, None)
    }

    /// Asks again, because nothing was changed.
    pub fn ask_again(&self, person: &Allowed, status: StatusCode) -> Result<Response, Failure> {
        self.page(person, status, None)
    }

    /// `Some` asks again: the name that was typed is another one.
    pub fn check(&self, person: &Allowed, typed: &str) -> Option<Result<Response, Failure>> {
        let is_confirmed = !self.is_typed || typed.trim() == self.to;
        (!is_confirmed).then(|| self.page(person, StatusCode::UNPROCESSABLE_ENTITY, Some(typed)))
    }

    fn page(
        &self,
        person: &Allowed,
        status: StatusCode,
        wrong: Option<&str>,
    ) -> Result<Response, Failure> {
        let page = ConfirmTemplate {
            shell: person.shell(),
            question: self,
            to: Shown::new(self.to),
            action: person.here(),
            wrong,
        };
        person.respond(status, &page)
    }
}
