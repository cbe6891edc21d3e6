//! The body of a write of an application.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AllOfBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::super::error::ApiError;
use super::super::input::{OptionalBody, required};
use crate::applications::Draft;

/// What an application shows of itself, and what the answer to a write adds.
const NOT_SET: [&str; 3] = ["declared", "notes", "version"];

/// The body of a write. What was read can be sent as it is.
#[derive(Debug)]
pub struct Sent {
    /// The audience, which must be the one that it has.
    pub audience: Option<String>,
    /// Whether wildcards of other applications may get the hostnames that it gives up.
    pub leave_to_wildcard: bool,
    /// Everything else.
    pub settings: Draft,
}

/// What is not a setting.
#[derive(Debug, Deserialize, ToSchema)]
struct Beside {
    /// Its audience, which cannot be changed.
    audience: Option<String>,
    /// Whether wildcards of other applications may get the hostnames that it gives up.
    #[serde(default)]
    leave_to_wildcard: bool,
}

impl PartialSchema for Sent {
    fn schema() -> RefOr<Schema> {
        AllOfBuilder::new()
            .item(Beside::schema())
            .item(Draft::schema())
            .description(Some(
                "An application to write. What was read can be sent as it is.",
            ))
            .into()
    }
}

impl ToSchema for Sent {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("SentApplication")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Draft::schemas(schemas);
    }
}

impl Sent {
    /// Reads the body of a call.
    pub fn read(body: OptionalBody) -> Result<Self, ApiError> {
        let mut fields: Map<String, Value> = required(body)?;
        for field in NOT_SET {
            fields.remove(field);
        }
        let beside = ["audience", "leave_to_wildcard"];
        let beside = beside.iter().filter_map(|name| fields.remove_entry(*name));
        let beside = Value::Object(beside.collect());
        let invalid = |error: serde_json::Error| ApiError::RequestInvalid(error.to_string());
        let beside: Beside = serde_json::from_value(beside).map_err(invalid)?;
        Ok(Self {
            audience: beside.audience,
            leave_to_wildcard: beside.leave_to_wildcard,
            settings: serde_json::from_value(Value::Object(fields)).map_err(invalid)?,
        })
    }
}
