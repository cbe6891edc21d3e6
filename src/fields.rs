//! Reads a JSON object field by field and reports everything that is wrong with it; serde would stop
//! at the first error. Both programs read their configuration with it, each in its own words.

use serde_json::{Map, Value};

/// Where problems are reported, and how a program words them.
pub trait Problems {
    /// What a value must be that is not an object.
    const NOT_AN_OBJECT: &'static str;
    /// What a value must be that is not a list of objects.
    const NOT_A_LIST: &'static str;

    /// Reports what is wrong with the value at `path`, or with its absence.
    fn report(&mut self, path: &str, value: Option<&Value>, problem: &str);

    /// Reports a field that the object at `parent` does not have; `known` are those it has.
    fn report_unknown(&mut self, path: &str, value: &Value, parent: &str, known: &[&str]);
}

/// The fields of one object.
pub struct Fields<'a, P> {
    path: String,
    object: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    problems: &'a mut P,
}

impl<'a, P: Problems> Fields<'a, P> {
    /// The fields of the whole configuration.
    pub fn of(value: &'a Value, problems: &'a mut P) -> Self {
        Self::at(String::new(), Some(value), problems)
    }

    /// The fields of a part of it that was read before, with the part's path.
    pub fn part(path: String, value: &'a Value, problems: &'a mut P) -> Self {
        Self::at(path, Some(value), problems)
    }

    fn at(path: String, value: Option<&'a Value>, problems: &'a mut P) -> Self {
        let object = value.and_then(Value::as_object);
        if object.is_none() && value.is_some() {
            problems.report(&path, value, P::NOT_AN_OBJECT);
        }
        Self {
            path,
            object,
            known: Vec::new(),
            problems,
        }
    }

    /// A required field. `None`: it is missing or wrong, and that has been reported.
    pub fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.value(name) {
            Some(value) => self.read(name, value, read),
            None => self.missing(name),
        }
    }

    /// A field with a default. `None`: it is wrong, and that has been reported.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        default: T,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.value(name) {
            Some(value) => self.read(name, value, read),
            None => Some(default),
        }
    }

    /// A field without a default. `None`: it is absent, or wrong, and that has been reported.
    pub fn given<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(name)?;
        self.read(name, value, read)
    }

    /// A required object. `None`: it is missing, and that has been reported.
    pub fn object(&mut self, name: &'static str) -> Option<Fields<'_, P>> {
        if self.value(name).is_none() {
            return self.missing(name);
        }
        Some(self.optional_object(name))
    }

    /// An optional object; an absent one has no fields.
    pub fn optional_object(&mut self, name: &'static str) -> Fields<'_, P> {
        let value = self.value(name);
        Fields::at(self.path_of(name), value, self.problems)
    }

    /// An optional list of objects, each read by `read`. Elements that are no objects are reported
    /// and left out.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(Fields<'_, P>) -> T,
    ) -> Vec<T> {
        let list = self.given(name, |value| {
            value.as_array().ok_or_else(|| P::NOT_A_LIST.to_owned())
        });
        let path = self.path_of(name);
        let mut objects = Vec::new();
        for (index, value) in list.into_iter().flatten().enumerate() {
            let path = format!("{path}[{index}]");
            if value.is_object() {
                objects.push((path, value));
            } else {
                self.problems.report(&path, Some(value), P::NOT_AN_OBJECT);
            }
        }
        objects
            .into_iter()
            .map(|(path, value)| read(Fields::at(path, Some(value), self.problems)))
            .collect()
    }

    /// Reports the fields that have not been read, which may be misspelt.
    pub fn finish(&mut self) {
        for (name, value) in self.object.into_iter().flatten() {
            if !self.known.contains(&name.as_str()) {
                let path = join(&self.path, name);
                self.problems
                    .report_unknown(&path, value, &self.path, &self.known);
            }
        }
    }

    /// Whether the object has the field.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let field = self.object.and_then(|object| object.get(name));
        field.is_some_and(|value| !value.is_null())
    }

    /// The path of the object; empty for the whole configuration.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of a field.
    #[must_use]
    pub fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// Takes problems that a reader of one value cannot find.
    pub fn problems(&mut self) -> &mut P {
        self.problems
    }

    /// `null` is no value: Envoy's `Struct` has it where YAML has an empty field.
    fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.object?.get(name).filter(|value| !value.is_null())
    }

    fn read<T>(
        &mut self,
        name: &str,
        value: &'a Value,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        match read(value) {
            Ok(read) => Some(read),
            Err(problem) => {
                let path = self.path_of(name);
                self.problems.report(&path, Some(value), &problem);
                None
            }
        }
    }

    fn missing<T>(&mut self, name: &str) -> Option<T> {
        if self.object.is_some() {
            let path = self.path_of(name);
            self.problems.report(&path, None, "is missing");
        }
        None
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
