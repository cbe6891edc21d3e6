//! All pages of settings, each with what it needs.

use super::super::page::Page;
use super::{
    about, access_groups, admin_tokens, filter_credentials, keys, providers, service_tokens,
    sessions, try_provider,
};
use crate::api::scope::Scope;
use crate::team_domain::login::provider::trial;

/// All pages of settings.
pub fn pages() -> Vec<Page> {
    [service(), keys(), credentials(), service_tokens()]
        .into_iter()
        .flatten()
        .collect()
}

/// The service as a whole.
fn service() -> Vec<Page> {
    vec![
        Page::get(
            "/settings/sessions",
            Scope::SettingsRead,
            sessions::show::show,
        ),
        // It ends sessions at applications, too: a role that may do one may do the other.
        Page::get(
            "/settings/sessions/end-every",
            Scope::UsersRevoke,
            sessions::end_every::ask,
        ),
        Page::post(
            "/settings/sessions/end-every",
            Scope::UsersRevoke,
            sessions::end_every::end,
        ),
        Page::get("/settings/providers", Scope::SettingsRead, providers::show),
        Page::get(
            "/settings/providers/{id}/try",
            trial::NEEDS,
            try_provider::begin,
        ),
        Page::get(
            "/settings/access-groups",
            Scope::ApplicationsRead,
            access_groups::list::show,
        ),
        Page::get(
            "/settings/access-groups/edit",
            Scope::ApplicationsWrite,
            access_groups::edit::show,
        ),
        Page::post(
            "/settings/access-groups/edit",
            Scope::ApplicationsWrite,
            access_groups::edit::edit,
        )
        .for_policy(),
        Page::get(
            "/settings/access-groups/delete",
            Scope::ApplicationsWrite,
            access_groups::delete::ask,
        ),
        Page::post(
            "/settings/access-groups/delete",
            Scope::ApplicationsWrite,
            access_groups::delete::delete,
        ),
        Page::get("/settings/about", Scope::SettingsRead, about::show),
    ]
}

fn keys() -> Vec<Page> {
    vec![
        Page::get("/settings/keys", Scope::KeysRead, keys::list::show),
        Page::get(
            "/settings/keys/rotate",
            Scope::KeysRotate,
            keys::rotate::ask,
        ),
        Page::post(
            "/settings/keys/rotate",
            Scope::KeysRotate,
            keys::rotate::rotate,
        ),
        Page::get(
            "/settings/keys/{kid}/refuse",
            Scope::KeysRefuse,
            keys::refuse::ask,
        ),
        Page::post(
            "/settings/keys/{kid}/refuse",
            Scope::KeysRefuse,
            keys::refuse::refuse,
        ),
    ]
}

/// Filter credentials and admin tokens.
fn credentials() -> Vec<Page> {
    vec![
        Page::get(
            "/settings/filter-credentials",
            Scope::CredentialsRead,
            filter_credentials::list::show,
        ),
        Page::get(
            "/settings/filter-credentials/make",
            Scope::CredentialsWrite,
            filter_credentials::make::ask,
        ),
        Page::post(
            "/settings/filter-credentials/make",
            Scope::CredentialsWrite,
            filter_credentials::make::make,
        ),
        Page::get(
            "/settings/filter-credentials/{id}/revoke",
            Scope::CredentialsRevoke,
            filter_credentials::revoke::ask,
        ),
        Page::post(
            "/settings/filter-credentials/{id}/revoke",
            Scope::CredentialsRevoke,
            filter_credentials::revoke::revoke,
        ),
        Page::get(
            "/settings/admin-tokens",
            Scope::CredentialsRead,
            admin_tokens::list::show,
        ),
        // A token can have every scope, so who makes one may make themselves administrator.
        Page::get(
            "/settings/admin-tokens/make",
            Scope::RolesWrite,
            admin_tokens::make::ask,
        ),
        Page::post(
            "/settings/admin-tokens/make",
            Scope::RolesWrite,
            admin_tokens::make::make,
        ),
        Page::get(
            "/settings/admin-tokens/{id}/revoke",
            Scope::CredentialsRevoke,
            admin_tokens::revoke::ask,
        ),
        Page::post(
            "/settings/admin-tokens/{id}/revoke",
            Scope::CredentialsRevoke,
            admin_tokens::revoke::revoke,
        ),
    ]
}

fn service_tokens() -> Vec<Page> {
    vec![
        Page::get(
            "/settings/service-tokens",
            Scope::CredentialsRead,
            service_tokens::list::show,
        ),
        Page::get(
            "/settings/service-tokens/make",
            Scope::CredentialsWrite,
            service_tokens::make::ask,
        ),
        Page::post(
            "/settings/service-tokens/make",
            Scope::CredentialsWrite,
            service_tokens::make::make,
        ),
        Page::get(
            "/settings/service-tokens/{id}/rotate",
            Scope::CredentialsWrite,
            service_tokens::rotate::ask,
        ),
        Page::post(
            "/settings/service-tokens/{id}/rotate",
            Scope::CredentialsWrite,
            service_tokens::rotate::rotate,
        ),
        Page::get(
            "/settings/service-tokens/{id}/disable",
            Scope::CredentialsRevoke,
            service_tokens::change::ask_to_disable,
        ),
        Page::post(
            "/settings/service-tokens/{id}/disable",
            Scope::CredentialsRevoke,
            service_tokens::change::disable,
        ),
        Page::get(
            "/settings/service-tokens/{id}/delete",
            Scope::CredentialsRevoke,
            service_tokens::change::ask_to_delete,
        ),
        Page::post(
            "/settings/service-tokens/{id}/delete",
            Scope::CredentialsRevoke,
            service_tokens::change::delete,
        ),
        Page::get(
            "/settings/service-tokens/{id}/enable",
            Scope::CredentialsWrite,
            service_tokens::change::ask_to_enable,
        ),
        Page::post(
            "/settings/service-tokens/{id}/enable",
            Scope::CredentialsWrite,
            service_tokens::change::enable,
        ),
    ]
}
