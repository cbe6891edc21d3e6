//! The description of the admin API, and whether the service answers as it says.

mod answers;
mod checked;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{call, done, token};
use crate::harness::{Service, problem};

/// A call, as the description has it.
#[derive(Debug, Clone)]
pub struct Described {
    pub id: String,
    pub method: Method,
    /// Below the path of the API, with its parameters: `users/{id}`.
    pub path: String,
    pub scopes: Vec<String>,
    pub operation: Value,
}

impl Described {
    /// Whether it needs a scope.
    pub fn needs(&self, scope: &str) -> bool {
        self.scopes.iter().any(|one| one == scope)
    }

    /// Its path with names that nothing has, but for applications.
    pub fn url(&self) -> String {
        let name = if self.path.starts_with("applications/") {
            "wiki"
        } else {
            "x"
        };
        let segments = self.path.split('/').map(|segment| {
            if segment.starts_with('{') {
                name
            } else {
                segment
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// The description that the service gives.
pub async fn document(service: &Service) -> Value {
    let token = token(service, &["users:read"]).await;
    done(service, &token, Method::GET, "openapi.json").await
}

/// All calls of a description.
pub fn calls(document: &Value) -> Vec<Described> {
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scopes = operation["security"][0]["admin_token"].as_array();
            let scopes = scopes.unwrap_or_else(|| panic!("{method} {path} names no scopes"));
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            calls.push(Described {
                id: text(&operation["operationId"]),
                method: method.to_uppercase().parse().unwrap(),
                path: path.trim_start_matches('/').to_owned(),
                scopes: scopes.iter().map(text).collect(),
                operation: operation.clone(),
            });
        }
    }
    assert!(calls.len() > 40, "{}", calls.len());
    calls
}

/// Every scope that a call of the description needs, once.
pub fn scopes(calls: &[Described]) -> Vec<&str> {
    let scopes = calls.iter().flat_map(|call| &call.scopes);
    let mut scopes: Vec<&str> = scopes.map(String::as_str).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

#[tokio::test]
async fn the_description_is_for_every_token_and_for_nobody_else() {
    let service = Service::start().await;
    let given = document(&service).await;
    assert_eq!(given["openapi"], "3.1.0");
    assert_eq!(given["servers"], json!([{ "url": "/api/admin/v1" }]));
    let nobody = call(&service, "", Method::GET, "openapi.json").await;
    assert_eq!(problem(nobody).await, (401, "token_invalid".into()));
    let (status, over_socket) = service.over_socket(Method::GET, "openapi.json").await;
    assert_eq!((status, over_socket), (StatusCode::OK, given));
}

#[tokio::test]
async fn every_call_and_every_field_is_described_in_words() {
    let document = document(&Service::start().await).await;
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().collect();
    for call in calls(&document) {
        let what = &call.operation;
        assert!(!what["summary"].as_str().unwrap().is_empty(), "{}", call.id);
        let tag = &what["tags"][0];
        assert!(tags.iter().any(|one| one["name"] == *tag), "{tag}");
        for parameter in what["parameters"].as_array().into_iter().flatten() {
            let name = format!("{} {}", call.id, parameter["name"]);
            assert!(parameter["description"].is_string(), "{name}");
        }
        if what["requestBody"].is_object() {
            let body = &what["requestBody"]["content"]["application/json"];
            assert!(body["example"].is_object(), "{}", call.id);
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, of_field) in schema["properties"].as_object().into_iter().flatten() {
            let text = ["", "/oneOf/0"].map(|at| of_field.pointer(&format!("{at}/description")));
            assert!(text.iter().any(Option::is_some), "{name}.{field}");
        }
    }
}
