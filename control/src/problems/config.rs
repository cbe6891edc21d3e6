//! Problems of the configuration file, in the control service's words and TOML's notation.

use portcullis::fields::Problems;
use serde::Deserialize as _;
use serde_json::Value;

use super::input::InputProblems;

impl Problems for InputProblems {
    const NOT_AN_OBJECT: &'static str = "must be a table";
    const NOT_A_LIST: &'static str = "must be a list of tables";

    fn report(&mut self, path: &str, value: Option<&Value>, problem: &str) {
        self.add(path, value.map(show).unwrap_or_default(), problem);
    }

    fn report_unknown(&mut self, path: &str, value: &Value, _: &str, _: &[&str]) {
        self.add(path, show(value), "unknown setting");
    }
}

/// A value as TOML.
pub fn show(value: &Value) -> String {
    toml::Value::deserialize(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_toml() {
        for (value, shown) in [
            (json!("a"), r#""a""#),
            (json!(["a", "b", 7, -1]), r#"["a", "b", 7, -1]"#),
            (json!({"a": true, "b": 1.0}), "{ a = true, b = 1.0 }"),
            (json!(null), "null"),
        ] {
            assert_eq!(show(&value), shown);
        }
    }
}
