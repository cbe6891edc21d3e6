//! What a value can be, in words.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    Array, ArrayItems, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type,
};

/// What a value can be.
pub struct Kind {
    /// In words, some of which name a schema.
    pub words: Vec<Word>,
}

/// A word of it.
pub struct Word {
    /// The word.
    pub text: String,
    /// Whether it is the name of a schema.
    pub is_schema: bool,
}

impl Kind {
    /// What a schema admits.
    pub fn of(schema: &RefOr<Schema>) -> Self {
        Self {
            words: words(schema),
        }
    }
}

/// The name of a schema.
pub fn name_of(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or_default()
}

fn word(text: impl Into<String>) -> Word {
    Word {
        text: text.into(),
        is_schema: false,
    }
}

fn words(schema: &RefOr<Schema>) -> Vec<Word> {
    match schema {
        RefOr::Ref(reference) => vec![Word {
            text: name_of(&reference.ref_location).to_owned(),
            is_schema: true,
        }],
        RefOr::T(Schema::Array(array)) => list(array),
        RefOr::T(Schema::Object(object)) => vec![word(plain(object))],
        RefOr::T(Schema::OneOf(either)) => {
            let mut all = Vec::new();
            for one in &either.items {
                if !all.is_empty() {
                    all.push(word(" or "));
                }
                all.extend(words(one));
            }
            all
        }
        RefOr::T(_) => vec![word("anything")],
    }
}

fn list(array: &Array) -> Vec<Word> {
    let mut all = vec![word("list of ")];
    if let ArrayItems::RefOrSchema(item) = &array.items {
        all.extend(words(item));
    }
    if admits_null(&array.schema_type) {
        all.push(word(" or null"));
    }
    all
}

fn plain(object: &Object) -> String {
    if let Some(values) = &object.enum_values {
        let values = values.iter().filter_map(|value| value.as_str());
        return values.collect::<Vec<_>>().join(", ");
    }
    let name = |kind: &Type| match (kind, &object.format) {
        (Type::Integer, Some(SchemaFormat::Custom(format))) if format == "unixtime" => "time",
        (Type::Integer | Type::Number, _) => "number",
        (Type::String, Some(SchemaFormat::KnownFormat(KnownFormat::Password))) => "password",
        (Type::String, _) => "text",
        (Type::Boolean, _) => "true or false",
        (Type::Array, _) => "list",
        (Type::Object, _) => "object",
        (Type::Null, _) => "null",
    };
    match &object.schema_type {
        SchemaType::Type(kind) => name(kind).to_owned(),
        SchemaType::Array(kinds) => kinds.iter().map(name).collect::<Vec<_>>().join(" or "),
        SchemaType::AnyValue => "anything".to_owned(),
    }
}

fn admits_null(kind: &SchemaType) -> bool {
    matches!(kind, SchemaType::Array(kinds) if kinds.contains(&Type::Null))
}
