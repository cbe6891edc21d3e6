//! All pages, each with what it needs. To add one: a file with its handler, which takes an
//! [`Allowed`](super::allowed::Allowed), a template, and a line here.

use super::page::Page;
use super::{applications, choose_theme, home};
use crate::api::administrator::Scope;

/// All pages.
pub fn pages() -> Vec<Page> {
    vec![
        Page::get("", None, home::show),
        Page::post("/theme", None, choose_theme::choose),
        Page::get(
            "/applications",
            Scope::ApplicationsRead,
            applications::list::show,
        ),
    ]
}
