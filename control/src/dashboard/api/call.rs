//! A call, as its resource's page explains it.

use axum::http::Method;
use portcullis::protocol::origin::Origin;
use serde::Deserialize;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{Content, RefOr, Required};

use super::kind::Kind;
use super::prose::Prose;
use super::schema::{Field, references};
use crate::api::PATH;
use crate::api::description::SCHEME;

/// A call.
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Its whole path.
    pub path: String,
    /// Its name in generated clients, by which it can be linked to.
    pub id: String,
    /// What it does.
    pub summary: Prose,
    /// What else there is to know.
    pub text: Prose,
    /// The scopes that it needs.
    pub scopes: Vec<String>,
    /// What it takes.
    pub takes: Vec<Field>,
    /// What it answers with.
    pub answers: Vec<Answer>,
    /// The statuses with which it can be refused as any call.
    pub refusals: Vec<String>,
    /// How to make it with curl.
    pub example: String,
    /// The schemas that it names.
    pub schemas: Vec<String>,
}

/// An answer that the call explains itself.
pub struct Answer {
    /// Its status.
    pub status: String,
    /// When it is given.
    pub text: Prose,
    /// Its content types, each with what it holds.
    pub contents: Vec<(String, Kind)>,
}

impl Call {
    /// A call of the service at `team_domain`.
    pub fn of((method, path, operation): (Method, &str, &Operation), team_domain: &Origin) -> Self {
        let mut schemas = Vec::new();
        let mut takes = parameters(operation);
        takes.extend(body(operation, &mut schemas));
        let (answers, refusals) = answers(operation, &mut schemas);
        Self {
            path: format!("{PATH}{path}"),
            id: operation.operation_id.clone().unwrap_or_default(),
            summary: Prose::of(operation.summary.as_deref()),
            text: Prose::of(operation.description.as_deref()),
            scopes: scopes(operation),
            takes,
            answers,
            refusals,
            example: example(&method, &format!("{team_domain}{PATH}{path}"), operation),
            schemas,
            method,
        }
    }
}

/// The scopes that a call needs.
pub fn scopes(operation: &Operation) -> Vec<String> {
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let needed = security.pointer(&format!("/0/{SCHEME}"));
    let needed = needed.and_then(|scopes| Vec::deserialize(scopes).ok());
    needed.unwrap_or_default()
}

fn parameters(operation: &Operation) -> Vec<Field> {
    let parameters = operation.parameters.iter().flatten();
    let field = |parameter: &RefOr<_>| {
        let RefOr::T(parameter) = parameter else {
            return None;
        };
        let parameter: &utoipa::openapi::path::Parameter = parameter;
        Some(Field {
            name: parameter.name.clone(),
            place: match parameter.parameter_in {
                ParameterIn::Path => "path",
                ParameterIn::Header => "header",
                _ => "query",
            },
            kind: Kind::of(parameter.schema.as_ref()?),
            required: parameter.required == Required::True,
            text: Prose::of(parameter.description.as_deref()),
        })
    };
    parameters.filter_map(field).collect()
}

fn body(operation: &Operation, schemas: &mut Vec<String>) -> Option<Field> {
    let Some(RefOr::T(body)) = &operation.request_body else {
        return None;
    };
    let RefOr::T(content) = body.content.values().next()? else {
        return None;
    };
    let schema = content.schema.as_ref()?;
    references(schema, schemas);
    Some(Field {
        name: "JSON".to_owned(),
        place: "body",
        kind: Kind::of(schema),
        required: body.required == Some(Required::True),
        text: Prose::of(body.description.as_deref()),
    })
}

fn answers(operation: &Operation, schemas: &mut Vec<String>) -> (Vec<Answer>, Vec<String>) {
    let (mut answers, mut refusals) = (Vec::new(), Vec::new());
    for (status, response) in &operation.responses.responses {
        let RefOr::T(response) = response else {
            refusals.push(status.clone());
            continue;
        };
        let mut contents = Vec::new();
        for (kind, content) in &response.content {
            if let RefOr::T(Content {
                schema: Some(schema),
                ..
            }) = content
            {
                references(schema, schemas);
                contents.push((kind.clone(), Kind::of(schema)));
            }
        }
        answers.push(Answer {
            status: status.clone(),
            text: Prose::of(Some(&response.description)),
            contents,
        });
    }
    (answers, refusals)
}

fn example(method: &Method, url: &str, operation: &Operation) -> String {
    let mut lines = vec!["curl -H \"authorization: Bearer $TOKEN\"".to_owned()];
    if method != Method::GET {
        lines.push(format!("-X {method}"));
    }
    let takes = |name: &str| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|one| matches!(one, RefOr::T(one) if one.name == name))
    };
    if takes("if-none-match") {
        lines.push("-H 'if-none-match: *'".to_owned());
    } else if takes("if-match") {
        lines.push("-H 'if-match: \"…\"'".to_owned());
    }
    if let Some(RefOr::T(body)) = &operation.request_body
        && let Some(RefOr::T(content)) = body.content.values().next()
        && let Some(example) = &content.example
    {
        lines.push("-H 'content-type: application/json'".to_owned());
        lines.push(format!("-d '{example}'"));
    }
    // curl expands braces.
    let url = url.replace('{', "<").replace('}', ">");
    lines.push(format!("'{url}'"));
    lines.join(" \\\n    ")
}
