//! The sections of the site. A page is linked when it exists and the person may see it.

use axum::http::Method;

use super::page::Rule;
use super::path::PATH;
use crate::administration::role::Role;

/// The sections in their order, each with its pages; its link leads to the first that exists.
const SECTIONS: &[(&str, &[(&str, &str)])] = &[
    ("Applications", &[("Applications", "/applications")]),
    (
        "My Team",
        &[
            ("Users", "/users"),
            ("Sessions", "/sessions"),
            ("Administrators", "/administrators"),
        ],
    ),
    ("Proxies", &[("Proxies", "/proxies")]),
    ("Revocations", &[("Revocations", "/revocations")]),
    ("Audit log", &[("Audit log", "/audit")]),
    (
        "Settings",
        &[
            ("Sessions", "/settings/sessions"),
            ("Providers", "/settings/providers"),
            ("Access groups", "/settings/access-groups"),
            ("Service tokens", "/settings/service-tokens"),
            ("Filter credentials", "/settings/filter-credentials"),
            ("Keys", "/settings/keys"),
            ("Admin tokens", "/settings/admin-tokens"),
            ("Admin API", "/api"),
            ("About", "/settings/about"),
        ],
    ),
    ("Find", &[("Find", "/find")]),
];

/// A link of the navigation.
pub struct Link {
    /// Its text.
    pub text: &'static str,
    /// Its target.
    pub path: String,
    /// `page` if this is it, `true` if the page is below it, else empty: the value of `aria-current`.
    pub current: &'static str,
}

/// The sections.
pub fn sections(rules: &[Rule], role: Role, here: &str) -> Vec<Link> {
    let links = SECTIONS.iter().filter_map(|(text, pages)| {
        let mut pages = existing(rules, role, pages).peekable();
        let (_, first) = *pages.peek()?;
        let current = pages.map(|(_, path)| current(path, here)).max();
        Some(Link {
            text,
            path: format!("{PATH}{first}"),
            current: current.unwrap_or_default(),
        })
    });
    links.collect()
}

/// The pages of the section in which the page `here` is, if there are several.
pub fn tabs(rules: &[Rule], role: Role, here: &str) -> Vec<Link> {
    let of_section = SECTIONS.iter().find(|(_, pages)| {
        let mut pages = pages.iter();
        pages.any(|(_, path)| !current(path, here).is_empty())
    });
    let pages = of_section.map_or(&[][..], |(_, pages)| pages);
    if existing(rules, role, pages).count() < 2 {
        return Vec::new();
    }
    let link = |(text, path): (&'static str, &'static str)| Link {
        text,
        path: format!("{PATH}{path}"),
        current: current(path, here),
    };
    existing(rules, role, pages).map(link).collect()
}

fn existing(
    rules: &[Rule],
    role: Role,
    pages: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let exists = move |path: &str| {
        let mut rules = rules.iter();
        rules.any(|rule| rule.method == Method::GET && rule.path == path && rule.admits(role))
    };
    pages.iter().copied().filter(move |(_, path)| exists(path))
}

fn current(path: &str, here: &str) -> &'static str {
    let below = here
        .strip_prefix(PATH)
        .and_then(|here| here.strip_prefix(path));
    match below {
        Some("") => "page",
        Some(below) if below.starts_with('/') => "true",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_current_below_its_pages() {
        assert_eq!(current("/users", "/dashboard/users"), "page");
        assert_eq!(current("/users", "/dashboard/users/x"), "true");
        assert_eq!(current("/users", "/dashboard/usersx"), "");
        assert_eq!(current("/users", "/users"), "");
    }
}
