//! Reads a JSON object field by field and collects all errors; serde would stop at the first.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::bounds::Bounds;
use crate::duration::parse_duration;
use crate::protocol::audience::is_audience;
use crate::protocol::origin::{Origin, is_loopback};

/// The path of a problem that concerns no single field.
const WHOLE: &str = "the configuration";

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The field, such as `control.timeout`; empty for the whole.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ConfigProblem {
    /// A problem at a path.
    pub(super) fn new(path: &str, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            WHOLE
        } else {
            &self.path
        };
        write!(f, "{path} {}", self.problem)
    }
}

/// The fields of one object.
pub(super) struct Fields<'a> {
    path: String,
    object: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    problems: &'a mut Vec<ConfigProblem>,
}

impl<'a> Fields<'a> {
    /// The fields of the whole configuration.
    pub fn of(value: &'a Value, problems: &'a mut Vec<ConfigProblem>) -> Self {
        Self::at(String::new(), value, problems)
    }

    fn at(path: String, value: &'a Value, problems: &'a mut Vec<ConfigProblem>) -> Self {
        let object = value.as_object();
        if object.is_none() {
            problems.push(ConfigProblem::new(
                &path,
                format!("must be an object (it is {})", show(value)),
            ));
        }
        Self {
            path,
            object,
            known: Vec::new(),
            problems,
        }
    }

    /// A required field.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.value(name) {
            Some(value) => self.read(name, value, read),
            None => self.missing(name),
        }
    }

    /// A field with a default.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        default: T,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.value(name) {
            Some(value) => self.read(name, value, read),
            None => Some(default),
        }
    }

    /// A required object.
    pub fn object(&mut self, name: &'static str) -> Option<Fields<'_>> {
        if self.value(name).is_none() {
            return self.missing(name);
        }
        self.optional_object(name)
    }

    /// An optional object.
    pub fn optional_object(&mut self, name: &'static str) -> Option<Fields<'_>> {
        let value = self.value(name)?;
        Some(Fields::at(self.path_of(name), value, self.problems))
    }

    /// Reports the fields that are unknown.
    pub fn finish(self) {
        for name in self.object.into_iter().flat_map(Map::keys) {
            if !self.known.contains(&name.as_str()) {
                let whole = if self.path.is_empty() {
                    WHOLE
                } else {
                    &self.path
                };
                let known = self.known.join(", ");
                self.problems.push(ConfigProblem::new(
                    &join(&self.path, name),
                    format!("is not a known field; {whole} has {known}"),
                ));
            }
        }
    }

    fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.object?.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(
        &mut self,
        name: &str,
        value: &Value,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match read(value) {
            Ok(read) => Some(read),
            Err(problem) => {
                let problem = format!("{problem} (it is {})", show(value));
                self.problems
                    .push(ConfigProblem::new(&self.path_of(name), problem));
                None
            }
        }
    }

    fn missing<T>(&mut self, name: &str) -> Option<T> {
        if self.object.is_some() {
            self.problems
                .push(ConfigProblem::new(&self.path_of(name), "is missing"));
        }
        None
    }

    fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// A value as it was written, truncated so that it does not flood the log.
fn show(value: &Value) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(80) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// An origin for which browsers accept `Secure` cookies: `https`, or `http` on this machine.
pub(super) fn origin(value: &Value) -> Result<Origin, String> {
    let text = value
        .as_str()
        .ok_or("must be a URL such as https://team.example.com")?;
    let origin: Origin = text.parse().map_err(|error| format!("{error}"))?;
    if origin.is_https() || is_loopback(origin.hostname()) {
        Ok(origin)
    } else {
        Err("must begin with https:// (http:// is for localhost only)".to_owned())
    }
}

/// A non-empty string of visible ASCII.
pub(super) fn visible_text(value: &Value) -> Result<String, String> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
        .ok_or_else(|| "must be a string of visible ASCII characters without spaces".to_owned())
}

/// A duration within bounds.
pub(super) fn duration(value: &Value, bounds: Bounds) -> Result<Duration, String> {
    let text = value.as_str().filter(|text| !text.is_empty());
    let parsed = text.and_then(parse_duration).ok_or_else(|| {
        "must be a whole number with a unit (ms, s, m, h or d), such as 90s or 5m".to_owned()
    })?;
    if bounds.admit(parsed) {
        Ok(parsed)
    } else {
        Err(format!("must be from {} to {}", bounds.least, bounds.most))
    }
}

/// A whole number from 1 to `most`. Envoy writes every number as a floating-point number.
pub(super) fn number(value: &Value, most: usize) -> Result<usize, String> {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0);
    // Formatted without an exponent, and without a fraction of 0.
    let number = whole.and_then(|number| number.to_string().parse().ok());
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("must be a whole number from 1 to {most}"))
}

/// One of several words.
pub(super) fn choice<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T, String> {
    choices
        .iter()
        .find(|(word, _)| value.as_str() == Some(word))
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            format!("must be {}", words.join(" or "))
        })
}

/// A field of which only one value is supported so far.
pub(super) fn not_yet(value: &Value, works: &str, planned: &[&str]) -> Result<(), String> {
    match value.as_str() {
        Some(word) if word == works => Ok(()),
        Some(word) if planned.contains(&word) => {
            Err(format!("must be {works}: {word} is not supported yet"))
        }
        _ => Err(format!("must be {works}")),
    }
}

/// A list of audiences.
pub(super) fn audiences(value: &Value) -> Result<Vec<String>, String> {
    let audience = |value: &Value| {
        value
            .as_str()
            .filter(|text| is_audience(text))
            .map(str::to_owned)
    };
    value
        .as_array()
        .and_then(|list| list.iter().map(audience).collect())
        .ok_or_else(|| {
            "must be a list of audiences, each a string of 64 lower-case hex digits".to_owned()
        })
}
