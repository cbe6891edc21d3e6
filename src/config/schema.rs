//! The configuration's JSON Schema (draft 2020-12), for editors and for checks before a rollout.
//!
//! Words and bounds are those of the reader, and a test compares the names of fields. A schema cannot
//! compare durations, so it describes their bounds in words.

use serde_json::{Map, Value, json};

use super::bounds::Bounds;
use super::{
    DEFAULT_REVOCATIONS, MAX_REVOCATIONS, STALE_ACTIONS, STALE_AFTER, TIMEOUT, UNKNOWN_HOSTS,
};

/// `https`, or `http` on this machine; a lower-case hostname; a port from 1 to 65535.
const ORIGIN: &str = concat!(
    r"^(https://[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*",
    r"|http://(([a-z0-9_-]{1,63}\.)*localhost|127\.0\.0\.1))",
    r"(:0*(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?$"
);
const VISIBLE_TEXT: &str = "^[!-~]+$";
const DURATION: &str = "^[0-9]+(ms|s|m|h|d)$";
const AUDIENCE: &str = "^[0-9a-f]{64}$";

/// A field of an object.
struct Field {
    name: &'static str,
    required: bool,
    schema: Value,
}

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let mut schema = object(
        "The configuration of Portcullis's filter",
        vec![
            required(
                "team_domain",
                text(
                    ORIGIN,
                    "The team domain's origin, such as https://team.example.com; http:// is for localhost only.",
                ),
            ),
            required("control", control()),
            required("when_stale", when_stale()),
            optional(
                "unknown_hosts",
                choice(
                    &UNKNOWN_HOSTS.map(|(word, _)| word),
                    "What happens to requests to hosts that no application has: deny answers 403, pass forwards them.",
                ),
            ),
            optional("audiences", audiences()),
            optional("max_revocations", max_revocations()),
            optional(
                "mode",
                choice(
                    &["enforce", "report"],
                    "enforce refuses requests without a session; report only counts and logs what would be refused.",
                ),
            ),
            optional(
                "names",
                object(
                    "The names of cookies, headers and paths.",
                    vec![optional(
                        "preset",
                        choice(&["default"], "The set of names."),
                    )],
                ),
            ),
        ],
    );
    if let Some(schema) = schema.as_object_mut() {
        let draft = "https://json-schema.org/draft/2020-12/schema";
        schema.insert("$schema".to_owned(), json!(draft));
    }
    schema
}

fn control() -> Value {
    object(
        "How the control service is called.",
        vec![
            required(
                "cluster",
                text(
                    VISIBLE_TEXT,
                    "The Envoy cluster of the control service's listener for filters.",
                ),
            ),
            required("authority", text(VISIBLE_TEXT, "The :authority of calls.")),
            optional(
                "timeout",
                duration(TIMEOUT, "How long a call may take; 2s if absent."),
            ),
            required(
                "credential_env",
                text(
                    VISIBLE_TEXT,
                    "The environment variable of the VM that holds the filter credential.",
                ),
            ),
        ],
    )
}

fn when_stale() -> Value {
    object(
        "What happens when no poll of the feed has succeeded for too long.",
        vec![
            required(
                "after",
                duration(
                    STALE_AFTER,
                    "How long after the last successful poll the feed is stale.",
                ),
            ),
            required(
                "then",
                choice(
                    &STALE_ACTIONS.map(|(word, _)| word),
                    "deny refuses all requests while the feed is stale; allow judges them by what the feed brought last.",
                ),
            ),
        ],
    )
}

fn audiences() -> Value {
    json!({
        "type": "array",
        "items": { "type": "string", "pattern": AUDIENCE },
        "description": "The audiences that this filter guards; all if empty or absent.",
    })
}

fn max_revocations() -> Value {
    json!({
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_REVOCATIONS,
        "description": format!("The most revocations that may be in memory; {DEFAULT_REVOCATIONS} if absent."),
    })
}

fn required(name: &'static str, schema: Value) -> Field {
    Field {
        name,
        required: true,
        schema,
    }
}

/// A field that may be absent; `null` counts as absent.
fn optional(name: &'static str, mut schema: Value) -> Field {
    if let Some(kind) = schema.get_mut("type") {
        *kind = json!([kind.take(), "null"]);
    }
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    Field {
        name,
        required: false,
        schema,
    }
}

fn object(description: &str, fields: Vec<Field>) -> Value {
    let names = fields.iter().filter(|field| field.required);
    let required: Vec<_> = names.map(|field| field.name).collect();
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|field| (field.name.to_owned(), field.schema))
        .collect();
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn text(pattern: &str, description: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "description": description })
}

fn choice(words: &[&str], description: &str) -> Value {
    json!({ "type": "string", "enum": words, "description": description })
}

fn duration(bounds: Bounds, description: &str) -> Value {
    let description = format!("{description} From {} to {}.", bounds.least, bounds.most);
    text(DURATION, &description)
}
