//! Overrides from the environment: `PORTCULLIS_SERVER__LISTEN`, `PORTCULLIS_APPLICATIONS__0__NAME`.
//!
//! A value that is a TOML boolean, array, table, number or quoted text is read as such; any other
//! value is text.

use toml::{Table, Value};

use crate::problems::InputProblems;

const PREFIX: &str = "PORTCULLIS_";
const SEPARATOR: &str = "__";

/// Applies the overrides in `variables` to `table`. Variables without a `__` are ignored.
pub fn apply(
    table: &mut Table,
    variables: impl Iterator<Item = (String, String)>,
    problems: &mut InputProblems,
) {
    let mut overrides: Vec<(String, String)> = variables
        .filter(|(name, _)| {
            name.strip_prefix(PREFIX)
                .is_some_and(|rest| rest.contains(SEPARATOR))
        })
        .collect();
    // Sorted, so that the elements of a list come in order.
    overrides.sort();
    for (name, text) in overrides {
        let path = name.trim_start_matches(PREFIX).to_ascii_lowercase();
        let segments: Vec<&str> = path.split(SEPARATOR).collect();
        if put(table, &segments, value(&text)).is_none() {
            problems.add(&name, "", "does not name a setting");
        }
    }
}

fn value(text: &str) -> Value {
    let parsed: Option<Value> = format!("value = {text}")
        .parse::<Table>()
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("value"));
    match parsed {
        Some(Value::Datetime(_)) | None => Value::String(text.to_owned()),
        Some(value) => value,
    }
}

fn put(table: &mut Table, segments: &[&str], value: Value) -> Option<()> {
    let (first, rest) = segments.split_first()?;
    if first.is_empty() {
        return None;
    }
    if rest.is_empty() {
        table.insert((*first).to_owned(), value);
        return Some(());
    }
    let empty = if rest
        .first()
        .is_some_and(|next| next.parse::<usize>().is_ok())
    {
        Value::Array(Vec::new())
    } else {
        Value::Table(Table::new())
    };
    put_inside(table.entry(*first).or_insert(empty), rest, value)
}

fn put_inside(inside: &mut Value, segments: &[&str], value: Value) -> Option<()> {
    match inside {
        Value::Table(table) => put(table, segments, value),
        Value::Array(array) => {
            let (first, rest) = segments.split_first()?;
            let index: usize = first.parse().ok()?;
            if index == array.len() {
                array.push(Value::Table(Table::new()));
            }
            let element = array.get_mut(index)?;
            if rest.is_empty() {
                *element = value;
                return Some(());
            }
            put_inside(element, rest, value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(base: &str, variables: &[(&str, &str)]) -> (Table, usize) {
        let mut table: Table = base.parse().unwrap();
        let mut problems = InputProblems::default();
        let variables = variables
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        apply(&mut table, variables, &mut problems);
        (
            table,
            problems.finish().err().map_or(0, |refused| refused.0.len()),
        )
    }

    #[test]
    fn every_place_can_be_overridden() {
        let (table, problems) = applied(
            "[server]\nlisten = \"a\"\n[[applications]]\nname = \"wiki\"\n",
            &[
                ("PORTCULLIS_SERVER__LISTEN", "127.0.0.1:0"),
                ("PORTCULLIS_SERVER__DEMO", "true"),
                ("PORTCULLIS_SERVER__TRUSTED_PROXIES", r#"["10.0.0.0/8"]"#),
                ("PORTCULLIS_SESSIONS__GLOBAL_DURATION", "24h"),
                ("PORTCULLIS_APPLICATIONS__0__HTTP_ONLY", "false"),
                ("PORTCULLIS_APPLICATIONS__1__NAME", "chat"),
                ("PORTCULLIS_CONFIG", "elsewhere.toml"),
                ("PATH", "/bin"),
            ],
        );
        let expected: Table = r#"
            [server]
            listen = "127.0.0.1:0"
            demo = true
            trusted_proxies = ["10.0.0.0/8"]
            [[applications]]
            name = "wiki"
            http_only = false
            [[applications]]
            name = "chat"
            [sessions]
            global_duration = "24h"
        "#
        .parse()
        .unwrap();
        assert_eq!((table, problems), (expected, 0));
    }

    #[test]
    fn a_place_that_cannot_be_is_a_problem() {
        for name in [
            "PORTCULLIS_SERVER__LISTEN__PORT",
            "PORTCULLIS_APPLICATIONS__5__NAME",
            "PORTCULLIS___X",
        ] {
            let base = "[server]\nlisten = \"a\"\n[[applications]]\nname = \"wiki\"\n";
            assert_eq!(applied(base, &[(name, "1")]).1, 1, "{name}");
        }
    }
}
