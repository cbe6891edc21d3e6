//! The pages of one application: Overview, Policies, Settings. One is linked once it exists.

use axum::http::Method;

use super::super::allowed::Allowed;
use super::super::navigation::Link;
use super::super::page::Rule;
use super::super::path::PATH;

/// A link to one of the pages.
pub type Tab = Link;

const PAGES: [(&str, &str); 3] = [
    ("Overview", ""),
    ("Policies", "/policies"),
    ("Settings", "/settings"),
];
const BELOW: &str = "/applications/{audience}";

/// The pages of an application that the person may see.
pub fn tabs(person: &Allowed, audience: &str) -> Vec<Tab> {
    let exists = |end: &str| {
        let is_it =
            |rule: &Rule| rule.method == Method::GET && rule.path.strip_prefix(BELOW) == Some(end);
        person
            .rules()
            .iter()
            .any(|rule| is_it(rule) && rule.admits(person.role()))
    };
    let here = person.here().split('?').next().unwrap_or_default();
    let pages = PAGES.into_iter().filter(|(_, end)| exists(end));
    pages
        .map(|(text, end)| {
            let path = format!("{PATH}/applications/{audience}{end}");
            Tab {
                text,
                current: match here.strip_prefix(path.as_str()) {
                    Some("") => "page",
                    Some(below) if !end.is_empty() && below.starts_with('/') => "true",
                    _ => "",
                },
                path,
            }
        })
        .collect()
}
