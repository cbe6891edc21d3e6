//! What was typed into the fields of a rule or of an access group.

use super::condition::Condition;
use super::kinds::Kind;
use super::list::List;
use super::rule::RuleDraft;
use crate::dashboard::fields::Fields;

/// The rule whose fields a form has. `None` if it is no such form.
pub fn typed(fields: &Fields) -> Option<RuleDraft> {
    let mut rule = RuleDraft::new(
        fields.text("id").trim(),
        fields.text("action"),
        fields.text("session_duration").trim(),
    );
    // Each condition begins with its kind.
    for (name, value) in fields.iter() {
        let Some((list, part)) = name.split_once('-') else {
            continue;
        };
        let Some(list) = List::named(list) else {
            continue;
        };
        let conditions = rule.conditions_mut(list);
        match part {
            "kind" => conditions.push(Condition::new(Kind::named(value)?)),
            "name" => value.trim().clone_into(&mut conditions.last_mut()?.name),
            "values" => conditions.last_mut()?.values = lines(value),
            _ => {}
        }
    }
    Some(rule)
}

/// Adds the condition whose kind is chosen beside a list. The id of its field.
pub fn add_condition(rule: &mut RuleDraft, list: List, fields: &Fields) -> Option<String> {
    let kind = Kind::named(fields.text(&format!("add-{}", list.name())))?;
    let conditions = rule.conditions_mut(list);
    conditions.push(Condition::new(kind));
    Some(format!("{}-{}", list.name(), conditions.len() - 1))
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}
