//! Reads a TOML table field by field, and notes every field that is unknown or has the wrong type.
//! Serde would stop at the first error.

use toml::{Table, Value};

use crate::problems::InputProblems;

/// A table whose fields are read.
pub struct Reader {
    path: String,
    table: Table,
}

impl Reader {
    /// Reads the table at `path`; an empty path means the whole file.
    pub fn new(path: &str, table: Table) -> Self {
        Self {
            path: path.to_owned(),
            table,
        }
    }

    /// The path of the table.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of a field.
    pub fn at(&self, field: &str) -> String {
        if self.path.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.path)
        }
    }

    /// A text.
    pub fn text(&mut self, field: &str, problems: &mut InputProblems) -> Option<String> {
        match self.table.remove(field)? {
            Value::String(text) => Some(text),
            other => self.wrong(field, &other, "a text in quotes", problems),
        }
    }

    /// The text of a duration. `0` needs no unit, and may be a number, as it is in an environment
    /// variable.
    pub fn duration(&mut self, field: &str, problems: &mut InputProblems) -> Option<String> {
        if self.table.get(field) == Some(&Value::Integer(0)) {
            self.table.remove(field);
            return Some("0".to_owned());
        }
        self.text(field, problems)
    }

    /// A text, parsed; `expected` completes "must be …".
    pub fn parsed<T: std::str::FromStr>(
        &mut self,
        field: &str,
        expected: &str,
        problems: &mut InputProblems,
    ) -> Option<T> {
        let text = self.text(field, problems)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            problems.add(&self.at(field), text, format!("must be {expected}"));
        }
        parsed
    }

    /// `true` or `false`.
    pub fn flag(&mut self, field: &str, problems: &mut InputProblems) -> Option<bool> {
        match self.table.remove(field)? {
            Value::Boolean(flag) => Some(flag),
            other => self.wrong(field, &other, "true or false", problems),
        }
    }

    /// A number of at least one.
    pub fn count(&mut self, field: &str, problems: &mut InputProblems) -> Option<u32> {
        let value = self.table.remove(field)?;
        match value.as_integer().and_then(|n| u32::try_from(n).ok()) {
            Some(count) if count > 0 => Some(count),
            _ => self.wrong(field, &value, "a whole number above 0", problems),
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, field: &str, problems: &mut InputProblems) -> Option<Vec<String>> {
        let value = self.table.remove(field)?;
        let Value::Array(items) = value else {
            return self.wrong(field, &value, "a list of texts", problems);
        };
        let path = self.at(field);
        let mut texts = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            if !item.is_str() {
                problems.add(
                    &format!("{path}[{index}]"),
                    &item,
                    "must be a text in quotes",
                );
            }
            // One for each item, so that later items keep their index.
            texts.push(match item {
                Value::String(text) => text,
                other => other.to_string(),
            });
        }
        Some(texts)
    }

    /// A table; an absent one is empty.
    pub fn table(&mut self, field: &str, problems: &mut InputProblems) -> Self {
        let path = self.at(field);
        let table = match self.table.remove(field) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(other) => self
                .wrong(field, &other, "a table", problems)
                .unwrap_or_default(),
        };
        Self::new(&path, table)
    }

    /// A list of tables; an absent one is empty.
    pub fn tables(&mut self, field: &str, problems: &mut InputProblems) -> Vec<Self> {
        let path = self.at(field);
        let items = match self.table.remove(field) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => self
                .wrong(field, &other, "a list of tables", problems)
                .unwrap_or_default(),
        };
        let mut readers = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            match item {
                Value::Table(table) => readers.push(Self::new(&path, table)),
                other => problems.add(&path, other, "must be a table"),
            }
        }
        readers
    }

    /// Whether a field is present.
    pub fn has(&self, field: &str) -> bool {
        self.table.contains_key(field)
    }

    /// Notes the fields that were not read, which may be misspelt.
    pub fn finish(self, problems: &mut InputProblems) {
        for (field, value) in &self.table {
            problems.add(&self.at(field), value, "unknown setting");
        }
    }

    fn wrong<T>(
        &self,
        field: &str,
        value: &Value,
        expected: &str,
        problems: &mut InputProblems,
    ) -> Option<T> {
        problems.add(&self.at(field), value, format!("must be {expected}"));
        None
    }
}
