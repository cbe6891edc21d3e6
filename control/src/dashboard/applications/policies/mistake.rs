//! What is wrong with an edited policy, and beside which field it stands.

use super::kinds::Kind;
use super::list::List;
use super::rule::RuleDraft;
use crate::dashboard::shown::Shown;
use crate::problems::InputProblem;

/// The most characters of a value that are shown.
const LONGEST_VALUE: usize = 120;

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// The rule, by its place in the policy.
    pub rule: Option<usize>,
    /// The field's id, if the rule is open.
    field: String,
    /// What is wrong.
    pub text: Shown,
}

impl Mistake {
    /// About the policy as a whole.
    pub fn of_policy(text: &str) -> Self {
        Self {
            rule: None,
            field: String::new(),
            text: Shown::new(text),
        }
    }

    /// A problem of the check. Its path is `policy[2].include[0].email[1]`, or shorter.
    pub fn of(problem: &InputProblem, rules: &[RuleDraft]) -> Self {
        let place = problem.path.strip_prefix("policy").and_then(index_and_rest);
        let Some((index, rest)) = place else {
            return Self::of_policy(&problem.to_string());
        };
        let name = match rules.get(index) {
            Some(rule) if !rule.id.is_empty() => format!("Rule {}", rule.id),
            _ => format!("Rule {}", index + 1),
        };
        let (field, what) = field(rest);
        let what = if what.is_empty() {
            what
        } else {
            format!(", {what}")
        };
        Self {
            rule: Some(index),
            field,
            text: Shown::new(&format!(
                "{name}{what}: {}{}",
                value(problem),
                problem.message
            )),
        }
    }

    /// A problem of an access group, which is edited as the one rule of a policy.
    pub fn of_access_group(problem: &InputProblem) -> Self {
        let (field, what) = match problem.path.as_str() {
            "name" => ("id".to_owned(), "Name".to_owned()),
            path => field(path),
        };
        let text = match what.as_str() {
            "" => problem.message.clone(),
            what => format!("{what}: {}{}", value(problem), problem.message),
        };
        Self {
            rule: Some(0),
            field,
            text: Shown::new(&text),
        }
    }

    /// About the name of an access group.
    pub fn of_name(text: &str) -> Self {
        Self {
            rule: Some(0),
            field: "id".to_owned(),
            text: Shown::new(&format!("Name: {text}")),
        }
    }

    /// The id of what is to be mended, if this rule is open.
    pub fn anchor(&self, open: Option<usize>) -> String {
        match self.rule {
            None => "rules".to_owned(),
            Some(rule) if open == Some(rule) && !self.field.is_empty() => self.field.clone(),
            Some(rule) => format!("rule-{rule}"),
        }
    }

    /// Whether it stands beside a field of the rule that is open.
    pub fn is_at(&self, open: usize, field: &str) -> bool {
        self.rule == Some(open) && self.field == field
    }
}

/// The beginning of what is wrong, in front of why.
fn value(problem: &InputProblem) -> String {
    let value: String = problem.value.chars().take(LONGEST_VALUE).collect();
    match value.as_str() {
        "" => value,
        value => format!("`{value}` "),
    }
}

/// `[2].rest` is 2 and `rest`.
fn index_and_rest(path: &str) -> Option<(usize, &str)> {
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    Some((index.parse().ok()?, rest.trim_start_matches('.')))
}

/// The id of a field, and its name.
fn field(path: &str) -> (String, String) {
    let (name, rest) = path.split_at(path.find(['[', '.']).unwrap_or(path.len()));
    let Some(list) = List::named(name) else {
        let name = match path {
            "id" => "Name",
            "action" => "Action",
            "session_duration" => "Session duration",
            _ => "",
        };
        let id = if name.is_empty() { "" } else { path };
        return (id.to_owned(), name.to_owned());
    };
    match index_and_rest(rest) {
        None => (format!("add-{name}"), list.label().to_owned()),
        Some((index, rest)) => {
            let kind = rest.split(['[', '.']).next().and_then(Kind::named);
            let part = if rest == "claim.name" { "-name" } else { "" };
            let label = kind.map_or("", |kind| kind.label);
            (
                format!("{name}-{index}{part}"),
                format!("{}, {label}", list.label()),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(path: &str) -> Mistake {
        let problem = InputProblem {
            path: path.to_owned(),
            value: "x".to_owned(),
            message: "is wrong".to_owned(),
        };
        Mistake::of(&problem, &[])
    }

    #[test]
    fn every_path_has_a_field_and_words() {
        for (path, field, text) in [
            ("policy[0].id", "id", "Rule 1, Name: `x` is wrong"),
            (
                "policy[0].include",
                "add-include",
                "Rule 1, Any of: `x` is wrong",
            ),
            (
                "policy[0].require[2].email[7]",
                "require-2",
                "Rule 1, All of, E-mail address: `x` is wrong",
            ),
            (
                "policy[0].exclude[1].claim.name",
                "exclude-1-name",
                "Rule 1, None of, Claim: `x` is wrong",
            ),
            ("policy[0]", "rule-0", "Rule 1: `x` is wrong"),
            ("policy", "rules", "policy = `x`: is wrong"),
            ("origins[0]", "rules", "origins[0] = `x`: is wrong"),
        ] {
            let mistake = mistake(path);
            assert_eq!(mistake.anchor(Some(0)), field, "{path}");
            assert_eq!(mistake.text.plain(), text);
        }
        assert_eq!(mistake("policy[3].id").anchor(Some(0)), "rule-3");
    }
}
