//! Checking a draft: every field, all problems at once.

mod bypass;
mod context;
mod forward_groups;

use std::rc::Rc;

use portcullis::application::{self as filter, ApplicationTable, Scope, TableError};
use portcullis::protocol::calls::{CookieSettings, SameSite};
use portcullis::protocol::feed::{EscapedSlashes, Preflight, RefreshInRequest};
use portcullis::protocol::origin::Origin;
use serde_json::Value;

use super::definition::{Application, Definition};
use super::draft::Draft;
use super::location::Location;
use super::upstream::Upstream;
use crate::policy::check::context::{Names, PolicyContext};
use crate::policy::{self, rules::Policy};
use crate::problems::{InputProblems, Refused};

pub use context::CheckContext;
use context::Word;
use forward_groups::forward_groups;

const DEFAULT_SESSION_DURATION: &str = "24h";
const MAX_NAME_BYTES: usize = 64;

/// The definition that a draft makes. If `None`, at least one problem was noted.
pub fn check(
    draft: Draft,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<Definition> {
    let name = name(draft.name.as_deref(), context, problems);
    let origins = origins(draft.origins.as_deref(), context, problems);
    let duration = context.session_bounds().parse(
        &context.at("session_duration"),
        draft
            .session_duration
            .as_deref()
            .unwrap_or(DEFAULT_SESSION_DURATION),
        problems,
    );
    let word = |field: &str, text: Option<String>, default: &str| Word {
        path: context.at(field),
        text: text.unwrap_or_else(|| default.to_owned()),
    };
    let same_site: Option<SameSite> =
        word("same_site", draft.same_site, "lax").parse("none, lax or strict", problems);
    let refresh = word(
        "refresh_in_request",
        draft.refresh_in_request,
        "with_binding",
    );
    let refresh_in_request: Option<RefreshInRequest> =
        refresh.parse("with_binding, always or never", problems);
    let preflight: Option<Preflight> =
        word("preflight", draft.preflight, "deny").parse("deny, origin or answer", problems);
    let slashes = word("escaped_slashes", draft.escaped_slashes, "refuse");
    let escaped_slashes: Option<EscapedSlashes> = slashes.parse("refuse or keep", problems);
    let cors_origins = cors_origins(draft.cors_origins.unwrap_or_default(), context, problems);
    let bypass = bypass::bypasses(draft.bypass.unwrap_or_default(), context, problems);
    let policy = policy(&draft.policy.unwrap_or_default(), context, problems);
    let forward_groups = forward_groups(draft.forward_groups, context, problems);
    let upstream = upstream(draft.upstream.as_deref(), context, problems);
    let definition = Definition {
        name: name?,
        origins: origins?,
        session_duration_seconds: duration?.as_secs(),
        cookie: CookieSettings {
            http_only: draft.http_only.unwrap_or(true),
            same_site: same_site?,
            partitioned: draft.partitioned.unwrap_or(false),
        },
        binding_cookie: draft.binding_cookie.unwrap_or(true),
        header_tokens: draft.header_tokens.unwrap_or(false),
        refresh_in_request: refresh_in_request?,
        preflight: preflight?,
        cors_origins: cors_origins?,
        escaped_slashes: escaped_slashes?,
        keep_override_headers: draft.keep_override_headers.unwrap_or(false),
        bypass: bypass?,
        policy: policy?,
        forward_groups: forward_groups?,
        upstream: upstream?,
    };
    usable_by_filters(&definition, context, problems).then_some(definition)
}

/// Whether an application that was valid still is, with other access groups.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check_again(definition: &Definition, demo: bool) -> Result<(), Refused> {
    let mut problems = InputProblems::default();
    let context = CheckContext {
        path: "",
        demo,
        names: Names::any(definition.policy.access_groups()),
    };
    check(Draft::from(definition), context, &mut problems);
    problems.finish()
}

/// Whether filters accept it: a definition that they refuse would stop the whole feed.
fn usable_by_filters(
    definition: &Definition,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> bool {
    let application = Application {
        audience: "0".repeat(64),
        declared: false,
        definition: definition.clone(),
    };
    let refused = match filter::Application::compile(application.to_feed()) {
        Err(error) => Some(error.problem.to_owned()),
        Ok(application) => {
            ApplicationTable::build(std::iter::once(Rc::new(application)), Scope::default())
                .err()
                .map(|error| {
                    let TableError {
                        origin,
                        path_prefix,
                    } = error;
                    format!("`{origin}{path_prefix}` is listed twice, apart from scheme or case")
                })
        }
    };
    if let Some(refused) = &refused {
        problems.add(&context.at("origins"), "", refused);
    }
    refused.is_none()
}

fn name(
    name: Option<&str>,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<String> {
    let path = context.at("name");
    match name {
        None => problems.add(&path, "", "is missing"),
        Some(name)
            if name.is_empty()
                || name.len() > MAX_NAME_BYTES
                || name.trim() != name
                || name.chars().any(char::is_control) =>
        {
            problems.add(
                &path,
                name,
                "must be 1 to 64 bytes, without spaces at the ends",
            );
        }
        Some(name) => return Some(name.to_owned()),
    }
    None
}

fn origins(
    texts: Option<&[String]>,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<Vec<Location>> {
    let path = context.at("origins");
    let texts = texts.unwrap_or_default();
    if texts.is_empty() {
        problems.add(
            &path,
            "",
            "needs at least one, such as https://wiki.example.com",
        );
        return None;
    }
    let mut locations: Vec<Location> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let path = format!("{path}[{index}]");
        match text.parse::<Location>() {
            Ok(location) if locations.contains(&location) => {
                problems.add(&path, text, "is listed twice")
            }
            Ok(location) => locations.push(location),
            Err(error) => problems.add(&path, text, error),
        }
    }
    (locations.len() == texts.len()).then_some(locations)
}

fn policy(
    rules: &[Value],
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<Policy> {
    let path = context.at("policy");
    let context = PolicyContext {
        path: &path,
        bounds: context.session_bounds(),
        names: context.names,
    };
    policy::check::check(rules, context, problems)
}

/// The server behind Envoy; `Some(None)` if none is named, `None` if a problem was noted.
fn upstream(
    text: Option<&str>,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<Option<Upstream>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(None);
    };
    match text.parse() {
        Ok(upstream) => Some(Some(upstream)),
        Err(error) => {
            problems.add(&context.at("upstream"), text, error);
            None
        }
    }
}

fn cors_origins(
    texts: Vec<String>,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<Vec<String>> {
    let path = context.at("cors_origins");
    let mut origins = Vec::new();
    let count = texts.len();
    for (index, text) in texts.into_iter().enumerate() {
        match text.parse::<Origin>() {
            // Compared with the browser's text, which omits the scheme's default port.
            Ok(origin) => origins.push(origin.to_string()),
            Err(error) => problems.add(&format!("{path}[{index}]"), text, error),
        }
    }
    (origins.len() == count).then_some(origins)
}

#[cfg(test)]
mod tests;
