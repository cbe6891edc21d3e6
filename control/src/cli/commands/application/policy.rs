//! Policies as people read them, in a column of a table.

use serde_json::Value;

use crate::policy::rules::{Action, Conditions, Rule};
use crate::policy::selector::{AnyOf, Selector};
use crate::sessions::durations;
use crate::sign_in::email::characters::with_scripts;

/// Whom the policy admits, and whom not.
pub fn admits(policy: Option<&[Value]>) -> String {
    let rules = policy.into_iter().flatten();
    let rules = rules.filter_map(|rule| serde_json::from_value::<Rule>(rule.clone()).ok());
    let rules: Vec<String> = rules.map(|rule| shown(&rule)).collect();
    if rules.is_empty() {
        "nobody".to_owned()
    } else {
        rules.join("; ")
    }
}

/// A rule in one line: `*@example.com, if amr mfa, except ana@example.com for 8h`.
fn shown(rule: &Rule) -> String {
    let mut text = match rule.action {
        Action::Allow => String::new(),
        Action::Block => "not ".to_owned(),
        Action::Bypass => "without session ".to_owned(),
        Action::Service => "service token ".to_owned(),
    };
    text.push_str(&fits(&rule.conditions));
    if let Some(duration) = rule.session_duration {
        text.push_str(&format!(" for {}", durations::to_text(duration)));
    }
    text
}

/// Whom conditions fit, in one line.
pub fn fits(conditions: &Conditions) -> String {
    let mut text = list(&conditions.include, ", ");
    if !conditions.require.is_empty() {
        text.push_str(&format!(", if {}", list(&conditions.require, " and ")));
    }
    if !conditions.exclude.is_empty() {
        text.push_str(&format!(", except {}", list(&conditions.exclude, ", ")));
    }
    text
}

fn list(selectors: &[Selector], between: &str) -> String {
    let selectors: Vec<String> = selectors.iter().map(selector).collect();
    selectors.join(between)
}

/// A selector in a few words.
pub fn selector(selector: &Selector) -> String {
    let named = |name: &str, values: &AnyOf| format!("{name} {}", values.0.join(" or "));
    let each = |values: &AnyOf, prefix: &str| {
        let values = values.0.iter();
        let values: Vec<String> = values
            .map(|value| with_scripts(&format!("{prefix}{value}")))
            .collect();
        values.join(", ")
    };
    match selector {
        Selector::Email(values) => each(values, ""),
        Selector::EmailDomain(values) => each(values, "*@"),
        Selector::Group(values) => named("group", values),
        Selector::Claim(claim) => {
            format!("claim {} {}", claim.name, claim.value.0.join(" or "))
        }
        Selector::Provider(values) => named("provider", values),
        Selector::Amr(values) => named("amr", values),
        Selector::Everyone(_) => "everyone".to_owned(),
        Selector::Ip(networks) => {
            let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
            format!("ip {}", networks.join(" or "))
        }
        Selector::Path(values) => each(values, ""),
        Selector::Method(values) => values.0.join(" or "),
        Selector::ServiceToken(values) => values.0.join(" or "),
        Selector::AccessGroup(values) => named("access group", values),
    }
}
