//! A client that holds every answer against the description.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{Described, calls, document, scopes};
use crate::admin_api::token;
use crate::harness::Service;

/// A client with every scope.
pub struct Checked<'a> {
    service: &'a Service,
    token: String,
    document: Value,
    calls: Vec<Described>,
    /// Each call with the statuses that it had.
    pub seen: BTreeSet<(String, u16)>,
}

/// An answer that is as described.
pub struct Answer {
    pub status: u16,
    pub etag: String,
    pub body: Value,
}

impl<'a> Checked<'a> {
    pub async fn of(service: &'a Service) -> Self {
        let document = document(service).await;
        let calls = calls(&document);
        Self {
            token: token(service, &scopes(&calls)).await,
            document: strict(document),
            calls,
            service,
            seen: BTreeSet::new(),
        }
    }

    /// The calls that had no answer with this status.
    pub fn without(&self, status: u16) -> Vec<&str> {
        let ids = self.calls.iter().map(|call| call.id.as_str());
        let seen = |id: &&str| self.seen.contains(&((*id).to_owned(), status));
        ids.filter(|id| !seen(id)).collect()
    }

    /// The example of a call's body.
    pub fn example(&self, id: &str) -> Value {
        let call = self.call_of(id);
        call.operation["requestBody"]["content"]["application/json"]["example"].clone()
    }

    /// A call that takes no body, and must succeed.
    pub async fn get(&mut self, id: &str, values: &[&str]) -> Value {
        self.done(id, values, &[], Value::Null).await.body
    }

    /// A call that must succeed.
    pub async fn done(
        &mut self,
        id: &str,
        values: &[&str],
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let answer = self.send(id, values, headers, body).await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.body);
        answer
    }

    /// The reason for which a call is refused.
    pub async fn reason(
        &mut self,
        id: &str,
        values: &[&str],
        headers: &[(&str, &str)],
        body: Value,
    ) -> String {
        let answer = self.send(id, values, headers, body).await;
        answer.body["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// With `values` in the place of the path's parameters, in their order; one that begins with `?` is the
    /// query.
    async fn send(
        &mut self,
        id: &str,
        values: &[&str],
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let call = self.call_of(id).clone();
        let mut values = values.iter();
        let segments = call.path.split('/').map(|segment| {
            if segment.starts_with('{') {
                (*values.next().unwrap()).to_owned()
            } else {
                segment.to_owned()
            }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        let query = values.next().copied().unwrap_or_default();
        let url = self.service.page(&format!("/api/admin/v1/{path}{query}"));
        let request = self.service.http.request(call.method.clone(), url);
        let request = request.bearer_auth(&self.token);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = match &body {
            Value::Null => request,
            body => request.json(body),
        };
        self.check_request(&call, headers, &body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let (etag, kind) = (header("etag"), header("content-type"));
        let text = answer.text().await.unwrap();
        let what = format!("{id}: {status} {kind} {text}");
        let described = self.response(&call, status, &what);
        assert_eq!(
            described["headers"]["etag"].is_object(),
            !etag.is_empty(),
            "{what}"
        );
        let schema = &described["content"][&kind]["schema"];
        assert!(schema.is_object(), "{what}");
        let body = if kind == "application/x-ndjson" {
            Value::String(text)
        } else {
            serde_json::from_str(&text).unwrap()
        };
        self.validate(schema, &body, &what);
        self.seen.insert((id.to_owned(), status));
        Answer { status, etag, body }
    }

    fn call_of(&self, id: &str) -> &Described {
        let mut calls = self.calls.iter();
        calls.find(|call| call.id == id).unwrap()
    }

    /// What is sent is described, too, unless it is sent to be refused.
    fn check_request(&self, call: &Described, headers: &[(&str, &str)], body: &Value) {
        let parameters = call.operation["parameters"].as_array();
        for (name, _) in headers {
            let mut parameters = parameters.into_iter().flatten();
            let is_described = parameters.any(|one| one["name"] == *name && one["in"] == "header");
            assert!(is_described, "{}: {name}", call.id);
        }
        let has_body = call.operation["requestBody"].is_object();
        assert!(has_body || body.is_null(), "{} takes no body", call.id);
        assert_eq!(
            call.method == Method::POST,
            call.operation.to_string().contains("idempotency-key"),
            "{}",
            call.id
        );
    }

    fn response(&self, call: &Described, status: u16, what: &str) -> Value {
        let described = &call.operation["responses"][status.to_string()];
        assert!(described.is_object(), "{what}");
        match described["$ref"].as_str() {
            Some(path) => self.document.pointer(&path[1..]).unwrap().clone(),
            None => described.clone(),
        }
    }

    fn validate(&self, schema: &Value, body: &Value, what: &str) {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        if let Err(error) = validator.validate(body) {
            panic!("{what}: {error} at {}", error.instance_path());
        }
    }

    /// Whether the example of each body is valid.
    pub fn check_examples(&self) {
        for call in &self.calls {
            let body = &call.operation["requestBody"]["content"]["application/json"];
            if body.is_object() {
                self.validate(&body["schema"], &body["example"], &call.id);
            }
        }
    }
}

/// The same description, in which an object has no fields but those that are described.
fn strict(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name, strict(value)));
            let mut fields: Map<String, Value> = fields.collect();
            if fields.contains_key("properties") && fields.get("type") == Some(&json!("object")) {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.into_iter().map(strict).collect(),
        value => value,
    }
}
