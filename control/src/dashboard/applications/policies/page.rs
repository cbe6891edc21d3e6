//! The page: the rules, the one that is open, what saving would do, the tester.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::super::shell_words::quoted;
use super::super::tabs::{Tab, tabs};
use super::edited::{Edited, MAX_BYTES};
use super::editor::Editor;
use super::mistake::Mistake;
use super::rule::RuleDraft;
use super::step::Step;
use super::verdict::{Share, Verdict};
use super::view::{RuleList, lists};
use crate::administration::policies::save::fingerprint;
use crate::api::scope::Scope;
use crate::applications::Application;
use crate::dashboard::allowed::Allowed;
use crate::dashboard::shell::Shell;
use crate::dashboard::shown::Shown;
use crate::problems::config::show;
use crate::team_domain::page::failure::Failure;

#[derive(Template)]
#[template(path = "dashboard/applications/policies/page.html")]
pub struct PoliciesPage {
    shell: Shell,
    tabs: Vec<Tab>,
    name: Shown,
    audience: String,
    /// Why nothing can be changed here; empty if it can.
    read_only: &'static str,
    /// What a save did: a sentence, and its version.
    pub saved: Option<(String, Option<u64>)>,
    pub mistakes: Vec<Mistake>,
    /// The policy as it is now, if it was changed since the editing began.
    pub changed_meanwhile: Option<ChangedMeanwhile>,
    pub step: Option<Step>,
    lists: [RuleList; 2],
    editor: Option<Editor>,
    focus: String,
    base: String,
    /// The rules as JSON.
    policy: String,
    /// The rules as TOML.
    toml: String,
    /// The command that saves them.
    command: String,
    /// How many paths the setting Bypass opens.
    bypasses: usize,
    /// Whether there is something to save.
    is_changed: bool,
    pub tester: Tester,
}

/// What somebody else saved.
pub struct ChangedMeanwhile {
    /// Their policy.
    pub lists: [RuleList; 2],
    /// Who saved it, and when, in a sentence.
    pub by: String,
}

/// The tester below the rules.
#[derive(Default)]
pub struct Tester {
    /// What was typed.
    pub user: String,
    pub ip: String,
    pub wrong_ip: bool,
    pub verdict: Option<Verdict>,
    pub share: Option<Share>,
}

impl PoliciesPage {
    /// The policy as it is.
    pub fn stored(person: &Allowed, application: &Application) -> Self {
        let policy = &application.definition.policy;
        let edited = Edited {
            base: fingerprint(policy),
            rules: RuleDraft::all_of(policy),
            open: None,
            focus: None,
        };
        Self::of(person, application, &edited)
    }

    /// The policy in the making.
    pub fn of(person: &Allowed, application: &Application, edited: &Edited) -> Self {
        let rules = edited.all_rules();
        let kept: Vec<Value> = edited.rules.iter().map(RuleDraft::value).collect();
        let policy = Value::Array(kept).to_string();
        let definition = &application.definition;
        Self {
            shell: person.shell(),
            tabs: tabs(person, &application.audience),
            name: Shown::new(&definition.name),
            audience: application.audience.clone(),
            read_only: read_only(person, application, policy.len()),
            saved: None,
            mistakes: Vec::new(),
            changed_meanwhile: None,
            step: None,
            lists: lists(&rules),
            editor: edited.open.as_ref().map(|open| Editor::of(open, &[])),
            focus: edited.focus.clone().unwrap_or_default(),
            base: edited.base.clone(),
            policy,
            toml: toml(&rules),
            command: format!(
                "portcullis-control policy set --application {} policy.toml",
                quoted(&definition.name)
            ),
            bypasses: definition.bypass.len(),
            is_changed: rules != RuleDraft::all_of(&definition.policy),
            tester: Tester::default(),
        }
    }

    /// With what is wrong with the policy. The first rule that is wrong is open.
    pub fn with_mistakes(
        person: &Allowed,
        application: &Application,
        (edited, mistakes): (&mut Edited, Vec<Mistake>),
    ) -> Self {
        let wrong = mistakes.iter().find_map(|mistake| mistake.rule);
        if let Some(wrong) = wrong {
            edited.open(wrong);
        }
        let mut page = Self::of(person, application, edited);
        let editor = edited.open.as_ref();
        page.editor = editor.map(|open| Editor::of(open, &mistakes));
        page.mistakes = mistakes;
        page.focus = String::new();
        page
    }

    /// The response.
    pub fn respond(&self, person: &Allowed, status: StatusCode) -> Result<Response, Failure> {
        person.respond(status, self)
    }

    fn here(&self) -> String {
        format!("/dashboard/applications/{}/policies", self.audience)
    }

    fn has_errors(&self) -> bool {
        !self.mistakes.is_empty() || self.tester.wrong_ip || self.changed_meanwhile.is_some()
    }

    fn open(&self) -> Option<usize> {
        self.editor.as_ref().map(|editor| editor.index)
    }

    /// What is wrong with a rule of the lists, and does not stand beside a field.
    fn wrong(&self, rule: &usize) -> Vec<&Shown> {
        let (open, row) = (self.open(), format!("rule-{rule}"));
        let mistakes = self.mistakes.iter();
        let mistakes = mistakes.filter(|one| one.anchor(open) == row);
        mistakes.map(|one| &one.text).collect()
    }
}

/// The rules as a file for the command line has them.
fn toml(rules: &[RuleDraft]) -> String {
    let rules = rules
        .iter()
        .map(|rule| format!("  {},\n", show(&rule.value())));
    format!("policy = [\n{}]", rules.collect::<String>())
}

fn read_only(person: &Allowed, application: &Application, bytes: usize) -> &'static str {
    if application.declared {
        "The configuration file declares this application: its policy can only be changed there. Testing works \
         here, too."
    } else if !person.may(Scope::ApplicationsWrite) {
        "Only administrators can change the policy. You can read and test it."
    } else if bytes > MAX_BYTES {
        "This policy is too large for this page. Change it with `portcullis-control policy set`, or with the admin \
         API."
    } else {
        ""
    }
}
