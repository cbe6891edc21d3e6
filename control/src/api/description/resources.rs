//! The resources of the admin API, by which its description is divided.

use utoipa::openapi::tag::{Tag, TagBuilder};

/// Each with what it is.
const RESOURCES: [(&str, &str); 14] = [
    ("users", "People who can sign in."),
    ("sessions", "Global sessions: one sign-in in one browser."),
    (
        "applications",
        "What is protected, with settings and policy.",
    ),
    (
        "access-groups",
        "Conditions with a name, which policies share.",
    ),
    (
        "revocations",
        "What filters refuse, and how far that has come.",
    ),
    ("proxies", "Envoy processes that follow the feed."),
    ("audit", "The audit log."),
    ("keys", "Signing keys."),
    ("service-tokens", "Credentials of programs at applications."),
    (
        "filter-credentials",
        "Credentials of filters at this service.",
    ),
    ("admin-tokens", "Credentials of programs at this API."),
    ("settings", "Settings of the service as a whole."),
    (
        "providers",
        "Identity providers, with which people sign in.",
    ),
    ("openapi", "This description."),
];

/// All of them.
pub fn tags() -> Vec<Tag> {
    let tag = |(name, text)| TagBuilder::new().name(name).description(Some(text)).build();
    RESOURCES.map(tag).into()
}

/// The resource of a call.
pub fn of_path(path: &str) -> &str {
    let name = path.split('/').nth(1).unwrap_or_default();
    name.trim_end_matches(".json")
}
