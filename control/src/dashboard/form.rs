//! The page with a form of a few fields, which is shown again, with what was typed, if something is wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::allowed::Allowed;
use super::fields::Fields;
use super::mistakes::{in_words, is_of};
use super::shell::Shell;
use super::shown::Shown;
use crate::problems::Refused;
use crate::team_domain::page::failure::Failure;

/// A form. It goes to the page's own path.
pub struct Form<'a> {
    /// What is to be done, as `Make a service token`.
    pub act: &'static str,
    /// To what, by its name; empty if it is new.
    pub to: &'a str,
    /// The page from which it comes: its title and its path.
    pub from: (&'static str, &'static str),
    /// What the person should know first; may be empty.
    pub intro: &'static str,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The text of the button.
    pub button: &'static str,
}

/// A field.
pub struct Field {
    /// Its name, which is the path of its problems, too.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What is below it; may be empty.
    pub help: &'static str,
    /// How it looks, and what it holds.
    pub input: Input,
    /// What is wrong with it.
    pub wrong: Vec<String>,
}

/// How a field looks.
pub enum Input {
    /// One line.
    Line(String),
    /// Boxes to tick.
    Boxes(Vec<Choice>),
}

/// A box.
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What it says.
    pub label: Shown,
    /// Whether it is ticked.
    pub is_ticked: bool,
}

impl Field {
    /// A line, with what was typed.
    pub fn line(name: &'static str, label: &'static str, typed: &Fields) -> Self {
        Self::new(name, label, Input::Line(typed.text(name).to_owned()))
    }

    /// Boxes of values and labels, with those that were ticked.
    pub fn boxes<'a>(
        name: &'static str,
        label: &'static str,
        (choices, typed): (impl Iterator<Item = (&'a str, &'a str)>, &Fields),
    ) -> Self {
        let choice = |(value, label): (&str, &str)| Choice {
            is_ticked: typed.all(name).any(|ticked| ticked == value),
            value: value.to_owned(),
            label: Shown::new(label),
        };
        Self::new(name, label, Input::Boxes(choices.map(choice).collect()))
    }

    /// With a text below it.
    pub fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    fn new(name: &'static str, label: &'static str, input: Input) -> Self {
        Self {
            name,
            label,
            help: "",
            input,
            wrong: Vec::new(),
        }
    }

    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.wrong.is_empty() {
            ids.push(format!("wrong-{}", self.name));
        }
        if !self.help.is_empty() {
            ids.push(format!("help-{}", self.name));
        }
        ids.join(" ")
    }
}

#[derive(Template)]
#[template(path = "dashboard/form.html")]
struct FormTemplate<'a> {
    shell: Shell,
    form: &'a Form<'a>,
    to: Shown,
    action: &'a str,
    /// What is wrong with no field of the form.
    general: Vec<String>,
    has_errors: bool,
}

impl Form<'_> {
    /// Shows it.
    pub fn show(&self, person: &Allowed) -> Result<Response, Failure> {
        self.page(person, StatusCode::OK, Vec::new())
    }

    /// Shows it again: nothing was changed.
    pub fn refused(mut self, person: &Allowed, refused: Refused) -> Result<Response, Failure> {
        let mut general = Vec::new();
        for problem in refused.0 {
            let mut fields = self.fields.iter_mut();
            match fields.find(|field| is_of(&problem, field.name)) {
                Some(field) => field.wrong.push(in_words(&problem)),
                None => general.push(problem.to_string()),
            }
        }
        self.page(person, StatusCode::UNPROCESSABLE_ENTITY, general)
    }

    fn page(
        &self,
        person: &Allowed,
        status: StatusCode,
        general: Vec<String>,
    ) -> Result<Response, Failure> {
        let is_wrong = |field: &Field| !field.wrong.is_empty();
        let page = FormTemplate {
            shell: person.shell(),
            form: self,
            to: Shown::new(self.to),
            action: person.here(),
            has_errors: !general.is_empty() || self.fields.iter().any(is_wrong),
            general,
        };
        person.respond(status, &page)
    }
}
