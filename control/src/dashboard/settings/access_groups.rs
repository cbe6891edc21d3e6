//! Access groups.

pub mod delete;
pub mod edit;
pub mod list;

use serde::Deserialize;

use super::super::applications::policies::condition::Condition;
use super::super::shown::Shown;
use crate::policy::rules::Conditions;
use crate::policy::selector::Selector;

/// The list, from which the other pages come.
const LIST: (&str, &str) = ("Access groups", "/dashboard/settings/access-groups");

/// Which access group. A name may hold what a path cannot.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Which {
    name: String,
}

/// The address of a page about a group.
fn address_of(page: &str, name: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("name", name)
        .finish();
    format!("{}/{page}?{query}", LIST.1)
}

/// How many of the conditions must fit, and these.
fn parts(conditions: &Conditions) -> Vec<(&'static str, Vec<Shown>)> {
    let parts = [
        ("Any of", in_words(&conditions.include)),
        ("All of", in_words(&conditions.require)),
        ("None of", in_words(&conditions.exclude)),
    ];
    let parts = parts.into_iter();
    parts.filter(|(_, some)| !some.is_empty()).collect()
}

fn in_words(selectors: &[Selector]) -> Vec<Shown> {
    let values = selectors.iter().flat_map(serde_json::to_value);
    let conditions = values.filter_map(|value| Condition::of(&value));
    conditions.map(|condition| condition.shown()).collect()
}
