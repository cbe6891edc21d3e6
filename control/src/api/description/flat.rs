//! Schemas that are easy to read, and to generate a client from: what is flattened into something else, or is
//! an item of a list, or may be absent, is described by one object with a name.

use std::collections::BTreeMap;

use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{AllOf, ArrayItems, Object, Schema};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required};

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Gives the items of lists a name: those of `ListPage_User` are a `User`.
pub fn name_items(schemas: &mut Schemas) {
    let mut items = Schemas::new();
    for (list, schema) in &mut *schemas {
        if let Some((_, name)) = list.split_once('_')
            && let RefOr::T(Schema::Object(list)) = schema
            && let Some(RefOr::T(Schema::Array(array))) = list.properties.get_mut("items")
            && let ArrayItems::RefOrSchema(item) = &mut array.items
        {
            let reference = RefOr::Ref(Ref::from_schema_name(name));
            items.insert(name.to_owned(), std::mem::replace(item, reference));
        }
    }
    schemas.extend(items);
}

/// A body that may be absent is described as such, not as one that may be `null`.
pub fn omit_null(body: &mut RequestBody) {
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content
            && let Some(RefOr::T(Schema::OneOf(either))) = &mut content.schema
            && let [schema, RefOr::T(_)] = either.items.as_slice()
        {
            content.schema = Some(schema.clone());
            body.required = Some(Required::False);
        }
    }
}

/// Replaces each composition of objects by one object.
pub fn flatten(schemas: &mut Schemas) {
    let all = schemas.clone();
    for schema in schemas.values_mut() {
        if let RefOr::T(Schema::AllOf(parts)) = schema
            && let Some(object) = merged(parts, &all)
        {
            *schema = object.into();
        }
    }
}

/// Removes schemas that nothing refers to any more.
pub fn retain_used(document: &mut OpenApi) {
    let Ok(text) = serde_json::to_string(&document) else {
        return;
    };
    if let Some(components) = &mut document.components {
        components
            .schemas
            .retain(|name, _| text.contains(&format!("\"#/components/schemas/{name}\"")));
    }
}

fn merged(parts: &AllOf, all: &Schemas) -> Option<Object> {
    let mut whole = Object::new();
    for part in &parts.items {
        let part = object(part, all)?;
        whole.properties.extend(part.properties);
        whole.required.extend(part.required);
    }
    whole.description.clone_from(&parts.description);
    Some(whole)
}

fn object(schema: &RefOr<Schema>, all: &Schemas) -> Option<Object> {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next()?;
            object(all.get(name)?, all)
        }
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        RefOr::T(Schema::AllOf(parts)) => merged(parts, all),
        RefOr::T(_) => None,
    }
}
