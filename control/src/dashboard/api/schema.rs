//! The schemas that a page explains, each with its fields.

use std::collections::BTreeMap;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayItems, Object, Schema};

use super::kind::{Kind, name_of};
use super::prose::Prose;

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// A schema, as a page explains it.
pub struct Explained {
    /// Its name.
    pub name: String,
    /// What it is.
    pub text: Prose,
    /// Whether a value has just one of the fields.
    pub is_choice: bool,
    /// What a value can be, if it has no fields.
    pub kind: Kind,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field or a parameter.
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where it stands: in the path, the query, a header or a body.
    pub place: &'static str,
    /// What it can be.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
    /// What it says.
    pub text: Prose,
}

/// The schemas that are reached from these, in alphabetical order.
pub fn explained(mut names: Vec<String>, schemas: &Schemas) -> Vec<Explained> {
    let mut found = BTreeMap::new();
    while let Some(name) = names.pop() {
        if let Some(schema) = schemas.get(&name)
            && !found.contains_key(&name)
        {
            references(schema, &mut names);
            found.insert(name.clone(), explain(name, schema));
        }
    }
    found.into_values().collect()
}

/// Adds the names of the schemas to which one refers.
pub fn references(schema: &RefOr<Schema>, names: &mut Vec<String>) {
    match schema {
        RefOr::Ref(reference) => names.push(name_of(&reference.ref_location).to_owned()),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(item) = &array.items {
                references(item, names);
            }
        }
        RefOr::T(Schema::Object(object)) => {
            for field in object.properties.values() {
                references(field, names);
            }
        }
        RefOr::T(Schema::OneOf(either)) => {
            for one in &either.items {
                references(one, names);
            }
        }
        RefOr::T(_) => {}
    }
}

fn explain(name: String, schema: &RefOr<Schema>) -> Explained {
    let (is_choice, fields) = match schema {
        RefOr::T(Schema::Object(object)) => (false, fields(object)),
        RefOr::T(Schema::OneOf(either)) => {
            let objects = either.items.iter().filter_map(|one| match one {
                RefOr::T(Schema::Object(object)) => Some(object),
                _ => None,
            });
            (true, objects.flat_map(fields).collect())
        }
        _ => (false, Vec::new()),
    };
    Explained {
        name,
        text: Prose::of(description(schema)),
        is_choice,
        kind: Kind::of(schema),
        fields,
    }
}

fn fields(object: &Object) -> Vec<Field> {
    let fields = object.properties.iter().map(|(name, schema)| Field {
        name: name.clone(),
        place: "body",
        kind: Kind::of(schema),
        required: object.required.contains(name),
        text: Prose::of(description(schema)),
    });
    fields.collect()
}

fn description(schema: &RefOr<Schema>) -> Option<&str> {
    match schema {
        RefOr::Ref(reference) => Some(&reference.description),
        RefOr::T(Schema::Object(object)) => object.description.as_deref(),
        RefOr::T(Schema::Array(array)) => array.description.as_deref(),
        RefOr::T(Schema::OneOf(either)) => {
            let own = either.description.as_deref();
            own.or_else(|| either.items.first().and_then(description))
        }
        RefOr::T(_) => None,
    }
}
