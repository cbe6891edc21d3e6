//! What is wrong with a field of a form, in the words that stand beside it.

use super::shown::Shown;
use crate::problems::InputProblem;

/// Whether a problem is one of a field: `name`, `name[0]`, `name.part`.
pub fn is_of(problem: &InputProblem, field: &str) -> bool {
    let rest = problem.path.strip_prefix(field);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

/// The words. The field has a label already.
pub fn in_words(problem: &InputProblem) -> String {
    match problem.value.as_str() {
        "" => problem.message.clone(),
        value => format!("{}: {}", Shown::new(value).plain(), problem.message),
    }
}
