//! A condition as it was typed, which may be wrong: one selector of a rule.

use serde_json::{Map, Value, json};

use super::kinds::{CLAIM, EVERYONE, Kind};
use crate::dashboard::shown::Shown;

/// The most values that a rule's row names.
const MOST_NAMED: usize = 3;

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its kind.
    pub kind: &'static Kind,
    /// The name of a claim, else empty.
    pub name: String,
    /// Its values, of which any will do.
    pub values: Vec<String>,
}

impl Condition {
    /// One without a value yet.
    pub fn new(kind: &'static Kind) -> Self {
        Self {
            kind,
            name: String::new(),
            values: Vec::new(),
        }
    }

    /// Reads a selector. `None` if it is none.
    pub fn of(selector: &Value) -> Option<Self> {
        let fields = selector.as_object().filter(|fields| fields.len() == 1)?;
        let (name, value) = fields.iter().next()?;
        let kind = Kind::named(name)?;
        let (name, values) = if *kind == CLAIM {
            (value.get("name")?.as_str()?, texts(value.get("value")?)?)
        } else if *kind == EVERYONE {
            ("", Vec::new())
        } else {
            ("", texts(value)?)
        };
        Some(Self {
            kind,
            name: name.to_owned(),
            values,
        })
    }

    /// The selector.
    pub fn selector(&self) -> Value {
        let values = match self.values.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        let value = if *self.kind == CLAIM {
            json!({ "name": self.name, "value": values })
        } else if *self.kind == EVERYONE {
            json!(true)
        } else {
            values
        };
        Value::Object(Map::from_iter([(self.kind.name.to_owned(), value)]))
    }

    /// The condition in a few words.
    pub fn shown(&self) -> Shown {
        let mut text = self.kind.label.to_owned();
        if !self.name.is_empty() {
            text.push_str(&format!(" {} =", self.name));
        }
        let named = self.values.iter().take(MOST_NAMED);
        let named: Vec<&str> = named.map(String::as_str).collect();
        if !named.is_empty() {
            text.push_str(&format!(" {}", named.join(", ")));
        }
        match self.values.len().saturating_sub(MOST_NAMED) {
            0 => {}
            more => text.push_str(&format!(", +{more}")),
        }
        Shown::new(&text)
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(list) => {
            let texts = list.iter().map(|one| one.as_str().map(ToOwned::to_owned));
            texts.collect()
        }
        _ => None,
    }
}
