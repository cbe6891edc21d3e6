//! With what calls are refused: which statuses a call can have follows from what it takes.

use std::borrow::Cow;

use axum::http::{Method, StatusCode};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::openapi::{Components, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::problems::Problem;

/// A status, its name in the description, what it means, and its reasons.
type Refusal = (
    StatusCode,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const REFUSALS: [Refusal; 10] = [
    (
        StatusCode::UNAUTHORIZED,
        "TokenInvalid",
        "The admin token is missing, unknown, deleted or expired.",
        &["token_invalid"],
    ),
    (
        StatusCode::FORBIDDEN,
        "Forbidden",
        "The admin token lacks a scope, or the call is not for tokens or not for this address.",
        &["scope_missing", "administrator_protected", "source_refused"],
    ),
    (
        StatusCode::NOT_FOUND,
        "NotFound",
        "What the call is about does not exist.",
        &["not_found", "no_such_call"],
    ),
    (
        StatusCode::METHOD_NOT_ALLOWED,
        "NoSuchMethod",
        "The call exists with another method.",
        &["no_such_method"],
    ),
    (
        StatusCode::CONFLICT,
        "Conflict",
        "The call conflicts with what is there, or was made before.",
        &[
            "declared",
            "name_taken",
            "email_taken",
            "place_taken",
            "conflict",
            "last_administrator",
            "already_made",
            "still_running",
        ],
    ),
    (
        StatusCode::PRECONDITION_FAILED,
        "ChangedMeanwhile",
        "The resource is not the one that `if-match` names.",
        &["changed_meanwhile"],
    ),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "TooLarge",
        "The body is larger than the call takes.",
        &["too_large"],
    ),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "RequestInvalid",
        "The query, a header or the body is invalid.",
        &["request_invalid"],
    ),
    (
        StatusCode::PRECONDITION_REQUIRED,
        "PreconditionRequired",
        "The call needs `if-match` or `if-none-match`.",
        &["precondition_required"],
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Unavailable",
        "The database cannot be reached; try again.",
        &["unavailable"],
    ),
];

/// The reasons of all refusals, as a schema.
struct Reason;

impl PartialSchema for Reason {
    fn schema() -> RefOr<Schema> {
        let reasons = REFUSALS.iter().flat_map(|(_, _, _, reasons)| *reasons);
        let text = "What the problem is, for programs.";
        Object::builder()
            .schema_type(Type::String)
            .description(Some(text))
            .enum_values(Some(reasons.copied()))
            .into()
    }
}

impl ToSchema for Reason {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Reason")
    }
}

/// Adds the refusals of a call. A status that the call explains itself keeps its text.
pub fn describe(operation: &mut Operation, method: &Method) {
    let applying = statuses(operation, method);
    let responses = &mut operation.responses.responses;
    for (status, name, ..) in REFUSALS {
        let code = status.as_str().to_owned();
        match responses.get_mut(&code) {
            Some(RefOr::T(own)) if !own.description.is_empty() => {
                *own = problem(&own.description);
            }
            None if !applying.contains(&status) => {}
            _ => {
                responses.insert(code, Ref::from_response_name(name).into());
            }
        }
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            "Success.".clone_into(&mut response.description);
        }
    }
}

/// Adds what the refusals of calls refer to.
pub fn describe_all(components: &mut Components) {
    for (_, name, text, reasons) in REFUSALS {
        let reasons: Vec<String> = reasons.iter().map(|one| format!("`{one}`")).collect();
        let text = format!("{text} `reason` is {}.", reasons.join(", "));
        components
            .responses
            .insert(name.to_owned(), problem(&text).into());
    }
    let mut schemas = vec![
        ("Problem".to_owned(), Problem::<Reason>::schema()),
        ("Reason".to_owned(), Reason::schema()),
    ];
    Problem::<Reason>::schemas(&mut schemas);
    components.schemas.extend(schemas);
}

/// The statuses with which a call can be refused.
fn statuses(operation: &Operation, method: &Method) -> Vec<StatusCode> {
    let has = |place: &ParameterIn| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|one| matches!(one, RefOr::T(one) if one.parameter_in == *place))
    };
    let mut statuses = vec![
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if has(&ParameterIn::Path) {
        statuses.push(StatusCode::NOT_FOUND);
    }
    let has_body = operation.request_body.is_some();
    if has_body || has(&ParameterIn::Query) || has(&ParameterIn::Header) {
        statuses.push(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if has_body || method == Method::POST {
        statuses.push(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if method == Method::POST {
        // Its idempotency key may have been used.
        statuses.push(StatusCode::CONFLICT);
    } else if has(&ParameterIn::Header) {
        statuses.extend([
            StatusCode::PRECONDITION_FAILED,
            StatusCode::PRECONDITION_REQUIRED,
        ]);
    }
    statuses
}

fn problem(text: &str) -> Response {
    let problem = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(problem)).build();
    ResponseBuilder::new()
        .description(text)
        .content("application/problem+json", content)
        .build()
}
