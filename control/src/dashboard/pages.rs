//! All pages, each with what it needs. To add one: a file with its handler, which takes an
//! [`Allowed`](super::allowed::Allowed), a template, and a line here.

use super::page::Page;
use super::{
    administrators, api, applications, audit, choose_theme, find, home, proxies, revocations,
    sessions, settings, users,
};
use crate::api::administrator::Scope;

/// All pages.
pub fn pages() -> Vec<Page> {
    [
        applications(),
        application(),
        team(),
        users(),
        feed(),
        log(),
        settings::pages(),
        api::pages(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Home and applications.
fn applications() -> Vec<Page> {
    vec![
        Page::get("", None, home::show),
        Page::get("/find", Scope::UsersRead, find::show),
        Page::post("/theme", None, choose_theme::choose),
        Page::get(
            "/applications",
            Scope::ApplicationsRead,
            applications::list::show,
        ),
        Page::get(
            "/applications/new",
            Scope::ApplicationsWrite,
            applications::new::ask,
        ),
        Page::post(
            "/applications/new",
            Scope::ApplicationsWrite,
            applications::new::add,
        )
        .for_application(),
    ]
}

/// The pages of one application.
fn application() -> Vec<Page> {
    vec![
        Page::get(
            "/applications/{audience}",
            Scope::ApplicationsRead,
            applications::overview::show,
        ),
        Page::get(
            "/applications/{audience}/delete",
            Scope::ApplicationsWrite,
            applications::delete::ask,
        ),
        Page::post(
            "/applications/{audience}/delete",
            Scope::ApplicationsWrite,
            applications::delete::delete,
        ),
        Page::get(
            "/applications/{audience}/policies",
            Scope::ApplicationsRead,
            applications::policies::show::show,
        ),
        Page::post(
            "/applications/{audience}/policies",
            Scope::ApplicationsWrite,
            applications::policies::edit::edit,
        )
        .for_policy(),
        Page::get(
            "/applications/{audience}/policies/test",
            Scope::ApplicationsRead,
            applications::policies::test::show,
        ),
        Page::get(
            "/applications/{audience}/revoke",
            Scope::ApplicationsRevoke,
            applications::revoke::ask,
        ),
        Page::post(
            "/applications/{audience}/revoke",
            Scope::ApplicationsRevoke,
            applications::revoke::revoke,
        ),
        Page::get(
            "/applications/{audience}/settings",
            Scope::ApplicationsRead,
            applications::settings::show::show,
        ),
        Page::post(
            "/applications/{audience}/settings",
            Scope::ApplicationsWrite,
            applications::settings::save::save,
        )
        .for_application(),
    ]
}

/// People with a role, and sessions of everybody.
fn team() -> Vec<Page> {
    vec![
        Page::get(
            "/administrators",
            Scope::UsersRead,
            administrators::list::show,
        ),
        Page::get(
            "/administrators/change",
            Scope::RolesWrite,
            administrators::change::show,
        ),
        Page::post(
            "/administrators/change",
            Scope::RolesWrite,
            administrators::change::save,
        ),
        Page::get("/sessions", Scope::SessionsRead, sessions::list::show),
        Page::get(
            "/sessions/{id}/end",
            Scope::SessionsRevoke,
            sessions::end::ask,
        ),
        Page::post(
            "/sessions/{id}/end",
            Scope::SessionsRevoke,
            sessions::end::end,
        ),
    ]
}

/// Users: who they are, and what they may.
fn users() -> Vec<Page> {
    vec![
        Page::get("/users", Scope::UsersRead, users::list::show),
        Page::get("/users/{id}", Scope::UsersRead, users::one::show),
        Page::get(
            "/users/revoke",
            Scope::UsersRevoke,
            users::revoke::ask_for_several,
        ),
        Page::post(
            "/users/revoke",
            Scope::UsersRevoke,
            users::revoke::revoke_several,
        ),
        Page::get(
            "/users/{id}/disable",
            Scope::UsersWrite,
            users::disable::ask,
        ),
        Page::post(
            "/users/{id}/disable",
            Scope::UsersWrite,
            users::disable::disable,
        ),
        Page::get("/users/{id}/enable", Scope::UsersWrite, users::enable::ask),
        Page::post(
            "/users/{id}/enable",
            Scope::UsersWrite,
            users::enable::enable,
        ),
        Page::get("/users/{id}/revoke", Scope::UsersRevoke, users::revoke::ask),
        Page::post(
            "/users/{id}/revoke",
            Scope::UsersRevoke,
            users::revoke::revoke,
        ),
    ]
}

/// Proxies, and what they have applied.
fn feed() -> Vec<Page> {
    vec![
        Page::get("/proxies", Scope::ProxiesRead, proxies::list::show),
        Page::get("/proxies/one", Scope::ProxiesRead, proxies::one::show),
        Page::get("/proxies/forget", Scope::ProxiesWrite, proxies::forget::ask),
        Page::post(
            "/proxies/forget",
            Scope::ProxiesWrite,
            proxies::forget::forget,
        ),
        Page::get(
            "/revocations",
            Scope::RevocationsRead,
            revocations::list::show,
        ),
        Page::get(
            "/revocations/{version}",
            Scope::RevocationsRead,
            revocations::one::show,
        ),
        Page::get(
            "/revocations/{version}/events",
            Scope::RevocationsRead,
            revocations::events::show,
        ),
    ]
}

/// What happened.
fn log() -> Vec<Page> {
    vec![
        Page::get("/audit", Scope::AuditRead, audit::list::show),
        Page::get("/audit/{id}", Scope::AuditRead, audit::one::show),
        Page::get("/audit/export", Scope::AuditRead, audit::export::send),
    ]
}
