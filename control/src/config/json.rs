//! The file as JSON, the form in which both programs read their configuration.

use serde_json::Value;

use crate::problems::InputProblems;

/// Converts the file. `None` means a problem: a value that JSON does not have.
pub fn from_toml(file: toml::Table, problems: &mut InputProblems) -> Option<Value> {
    let file = toml::Value::Table(file);
    if refuse_beyond_json("", &file, problems) {
        return None;
    }
    serde_json::to_value(file)
        .map_err(|error| problems.add("", "", error))
        .ok()
}

/// Whether a date, `nan` or `inf` was found. No setting takes one.
fn refuse_beyond_json(path: &str, value: &toml::Value, problems: &mut InputProblems) -> bool {
    match value {
        toml::Value::Datetime(_) => {
            problems.add(
                path,
                value,
                "is a date, which no setting takes; write a text in quotes",
            );
            true
        }
        toml::Value::Float(number) if !number.is_finite() => {
            problems.add(path, value, "must be a finite number");
            true
        }
        toml::Value::Table(table) => table.iter().fold(false, |found, (name, value)| {
            let path = match path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            refuse_beyond_json(&path, value, problems) || found
        }),
        toml::Value::Array(list) => list
            .iter()
            .enumerate()
            .fold(false, |found, (index, value)| {
                refuse_beyond_json(&format!("{path}[{index}]"), value, problems) || found
            }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_have_is_refused() {
        let file = "a = 1979-05-27\nb = [1, nan]\n[[c]]\nd = { e = -inf }\nf = 1.5\n";
        let mut problems = InputProblems::default();
        assert_eq!(from_toml(file.parse().unwrap(), &mut problems), None);
        let refused = problems.finish().unwrap_err().to_string();
        let lines: Vec<&str> = refused.lines().collect();
        assert_eq!(
            lines,
            [
                "a = `1979-05-27`: is a date, which no setting takes; write a text in quotes",
                "b[1] = `nan`: must be a finite number",
                "c[0].d.e = `-inf`: must be a finite number",
            ]
        );
    }
}
