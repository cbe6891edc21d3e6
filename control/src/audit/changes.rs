//! What was configured before and after a change: of each field that differs, both values.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// The longest that is stored, in bytes of JSON. Of a larger change only the names of the fields are.
const LONGEST: usize = 64 * 1024;

/// A change: `{"before": {…}, "after": {…}}` with the fields that differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

impl Changes {
    /// The difference of two objects, neither of which holds a secret. `None` is what does not exist.
    #[must_use]
    pub fn between<T: Serialize>(before: Option<&T>, after: Option<&T>) -> Self {
        let (before, after) = (fields(before), fields(after));
        let differs = |one: &Map<String, Value>, other: &Map<String, Value>| {
            let fields = one.iter().filter(|(name, value)| {
                let of_other = other.get(*name).unwrap_or(&Value::Null);
                of_other != *value
            });
            fields
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        Self {
            before: differs(&before, &after),
            after: differs(&after, &before),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Takes a field out; `None` if it does not differ.
    pub fn take(&mut self, name: &str) -> Option<Self> {
        let take = |from: &mut Map<String, Value>| {
            let taken = from.remove_entry(name);
            taken.into_iter().collect::<Map<String, Value>>()
        };
        let taken = Self {
            before: take(&mut self.before),
            after: take(&mut self.after),
        };
        (!taken.is_empty()).then_some(taken)
    }

    /// As it is stored.
    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        let whole = json!({ "before": self.before, "after": self.after }).to_string();
        if whole.len() <= LONGEST {
            return whole;
        }
        let names = |of: &Map<String, Value>| of.keys().cloned().collect::<Vec<_>>();
        let (before, after) = (names(&self.before), names(&self.after));
        json!({ "too_long": { "before": before, "after": after } }).to_string()
    }
}

fn fields<T: Serialize>(of: Option<&T>) -> Map<String, Value> {
    match of.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({ "same": 1, "changed": "a", "gone": true });
        let after = json!({ "same": 1, "changed": "b", "new": [1] });
        let changes = Changes::between(Some(&before), Some(&after));
        assert_eq!(
            changes.to_json(),
            r#"{"after":{"changed":"b","new":[1]},"before":{"changed":"a","gone":true}}"#
        );
        assert!(Changes::between(Some(&before), Some(&before)).is_empty());
    }

    #[test]
    fn a_field_can_be_told_apart() {
        let before = json!({ "policy": [], "name": "a" });
        let after = json!({ "policy": [1], "name": "b" });
        let mut changes = Changes::between(Some(&before), Some(&after));
        let policy = changes.take("policy").unwrap();
        assert_eq!(
            policy.to_json(),
            r#"{"after":{"policy":[1]},"before":{"policy":[]}}"#
        );
        assert_eq!(
            changes.to_json(),
            r#"{"after":{"name":"b"},"before":{"name":"a"}}"#
        );
        assert!(changes.take("policy").is_none());
    }

    #[test]
    fn a_change_is_bounded() {
        let long = json!({ "policy": "x".repeat(LONGEST) });
        let changes = Changes::between(None, Some(&long));
        assert_eq!(
            changes.to_json(),
            r#"{"too_long":{"after":["policy"],"before":[]}}"#
        );
    }
}
