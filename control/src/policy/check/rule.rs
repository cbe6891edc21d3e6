//! One rule, in today's form or in the old one.

use std::time::Duration;

use serde_json::Value;

use super::context::PolicyContext;
use super::place::Home;
use super::selectors::conditions;
use super::single::{Check, email, email_domain};
use crate::config::values::{self, Table, flag, text, texts};
use crate::policy::old_form::OldRule;
use crate::policy::rules::{Action, Rule};
use crate::problems::InputProblems;
use crate::problems::config::show;

const MAX_ID_BYTES: usize = 64;
const ID: &str = "must be 1 to 64 lower-case letters, digits, `-` and `_`, and begin with a letter \
                  or a digit";
const ACTION: &str = "must be allow, block, bypass or service";

/// `None` is a problem.
pub(super) fn rule(
    draft: &Value,
    index: usize,
    context: PolicyContext<'_>,
    problems: &mut InputProblems,
) -> Option<Rule> {
    let path = format!("{}[{index}]", context.path);
    if !draft.is_object() {
        let message =
            "must be a table, such as { id = \"staff\", action = \"allow\", include = [ … ] }";
        problems.add(&path, show(draft), message);
        return None;
    }
    if is_old(draft) {
        let table = Table::part(path, draft, problems);
        return old_rule(table, index, context);
    }
    let mut table = Table::part(path.clone(), draft, problems);
    let id = table.required("id", id);
    let action = table.required("action", action);
    let home = action.map_or(Home::UnknownRule, Home::Rule);
    let conditions = conditions(&mut table, home, context.names);
    let duration = session_duration(&mut table, action, context);
    table.finish();
    Some(Rule {
        id: id?,
        action: action?,
        conditions: conditions?,
        session_duration: duration?,
    })
}

fn id(value: &Value) -> Result<String, String> {
    let id = text(value)?;
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let valid = (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|b| is_plain(b) || b"-_".contains(&b))
        && id.bytes().next().is_some_and(is_plain);
    valid.then_some(id).ok_or_else(|| ID.to_owned())
}

fn action(value: &Value) -> Result<Action, String> {
    serde_json::from_value(value.clone()).map_err(|_| ACTION.to_owned())
}

/// `None` is a problem, `Some(None)` means the duration of the application.
fn session_duration(
    table: &mut Table<'_>,
    action: Option<Action>,
    context: PolicyContext<'_>,
) -> Option<Option<Duration>> {
    let Some(text) = table.given("session_duration", values::duration) else {
        return Some(None);
    };
    let path = table.path_of("session_duration");
    if matches!(
        action,
        Some(Action::Block | Action::Bypass | Action::Service)
    ) {
        let message = "only an `allow` rule begins sessions";
        table.problems().add(&path, text, message);
        return None;
    }
    let duration = context.bounds.parse(&path, &text, table.problems())?;
    Some(Some(duration))
}

/// `{ allow = { emails, email_domains, everyone }, session_duration }`, or the same without `allow`
/// in the admin API.
fn is_old(draft: &Value) -> bool {
    let old = ["allow", "emails", "email_domains", "everyone"];
    let today = ["id", "action", "include", "require", "exclude"];
    let has = |names: &[&str]| names.iter().any(|name| draft.get(name).is_some());
    has(&old) && !has(&today)
}

fn old_rule(mut table: Table<'_>, index: usize, context: PolicyContext<'_>) -> Option<Rule> {
    let duration = session_duration(&mut table, None, context);
    let written = if table.has("allow") {
        let mut allow = table.optional_object("allow");
        let written = old_lists(&mut allow);
        allow.finish();
        written
    } else {
        old_lists(&mut table)
    };
    table.finish();
    let mut rule = written?.into_rule(index);
    rule.session_duration = duration?;
    Some(rule)
}

fn old_lists(table: &mut Table<'_>) -> Option<OldRule> {
    let emails = texts(table, "emails").unwrap_or_default();
    let email_domains = texts(table, "email_domains").unwrap_or_default();
    let everyone = table.given("everyone", flag).unwrap_or(false);
    let (path, count) = (table.path().to_owned(), emails.len() + email_domains.len());
    let problems = table.problems();
    if count == 0 && !everyone {
        let message = "admits nobody; to admit nobody, leave the rule out";
        problems.add(
            &format!("{}.allow", path.trim_end_matches(".allow")),
            "",
            message,
        );
        return None;
    }
    let mut each = |list: &str, texts: Vec<String>, check: Check| {
        let texts = texts.iter().enumerate().map(|(index, text)| {
            let path = format!("{}.allow.{list}[{index}]", path.trim_end_matches(".allow"));
            check(text, &path, problems)
        });
        // All are checked, so that all problems are noted.
        let texts: Vec<Option<String>> = texts.collect();
        texts.into_iter().collect::<Option<Vec<String>>>()
    };
    let emails = each("emails", emails, email);
    let email_domains = each("email_domains", email_domains, email_domain);
    Some(OldRule {
        emails: emails?,
        email_domains: email_domains?,
        everyone,
        session_duration_seconds: None,
    })
}
