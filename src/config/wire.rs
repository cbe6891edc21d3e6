//! The two forms in which a host hands over a configuration: JSON text (Istio's `pluginConfig`, a
//! `StringValue` in Envoy), or a serialized `google.protobuf.Struct` (plain YAML in Envoy, which
//! does not convert it; seen on 1.40).

use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{Struct, Value as WireValue};
use serde_json::{Map, Number, Value};

/// First byte of every `Struct` that has fields: field 1, length-delimited.
const STRUCT_TAG: u8 = 0x0a;

/// Reads either form.
///
/// # Errors
/// What is wrong with the JSON.
pub(super) fn read(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(_) if bytes.is_empty() => Ok(Value::Object(Map::new())),
        Err(error) if bytes.first() == Some(&STRUCT_TAG) => {
            Struct::decode(bytes).map(object).map_err(|_| error)
        }
        Err(error) => Err(error),
    }
}

fn object(wire: Struct) -> Value {
    let fields = wire.fields.into_iter();
    Value::Object(fields.map(|(name, wire)| (name, value(wire))).collect())
}

fn value(wire: WireValue) -> Value {
    match wire.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(bool)) => Value::Bool(bool),
        Some(Kind::NumberValue(number)) => {
            Number::from_f64(number).map_or(Value::Null, Value::Number)
        }
        Some(Kind::StringValue(text)) => Value::String(text),
        Some(Kind::ListValue(list)) => Value::Array(list.values.into_iter().map(value).collect()),
        Some(Kind::StructValue(wire)) => object(wire),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn wire(value: &Value) -> WireValue {
        let kind = match value {
            Value::Null => Kind::NullValue(0),
            Value::Bool(bool) => Kind::BoolValue(*bool),
            Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
            Value::String(text) => Kind::StringValue(text.clone()),
            Value::Array(list) => Kind::ListValue(prost_types::ListValue {
                values: list.iter().map(wire).collect(),
            }),
            Value::Object(fields) => Kind::StructValue(Struct {
                fields: fields
                    .iter()
                    .map(|(k, v)| (k.clone(), wire(v)))
                    .collect::<BTreeMap<_, _>>(),
            }),
        };
        WireValue { kind: Some(kind) }
    }

    #[test]
    fn both_forms_say_the_same() {
        let json = serde_json::json!({
            "team_domain": "https://team.example.com", "list": ["a", {"b": 1.5}], "on": true, "off": null,
        });
        let Some(Kind::StructValue(wire)) = wire(&json).kind else {
            panic!()
        };
        assert_eq!(read(&wire.encode_to_vec()).unwrap(), json);
        assert_eq!(read(json.to_string().as_bytes()).unwrap(), json);
        assert_eq!(read(b"").unwrap(), serde_json::json!({}));
        for bad in [&b"\n"[..], b"\n\xff\xff", b"team_domain: x", b"\x0a\x05abc"] {
            assert!(read(bad).is_err());
        }
    }
}
