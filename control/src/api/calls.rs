//! Every call of the admin API, in one list that gives the routes and their
//! [description](super::description). To add one: a handler with `#[utoipa::path]`, and a line here with the
//! scopes that it needs.

use std::sync::{Arc, LazyLock};

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::{Extension, Router};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::administrator::{Administrator, Scope};
use super::authorization::require;
use super::error::ApiError;
use super::{
    access_groups, admin_tokens, applications, audit, description, filter_credentials, keys,
    policies, providers, proxies, revocations, service_tokens, sessions, settings, users,
};
use crate::service::Service;

/// Calls, each with the scopes that it needs.
struct Calls(OpenApiRouter<Arc<Service>>);

/// All calls. Each needs an [`Administrator`] as an extension of the request, and is refused without one.
pub fn router() -> Router<Arc<Service>> {
    let router: Router<Arc<Service>> = all().0.into();
    router
        .layer(Extension(document()))
        .fallback(async || ApiError::NoSuchCall)
        .method_not_allowed_fallback(async || ApiError::NoSuchMethod)
}

/// The description of all calls.
#[must_use]
pub fn document() -> &'static OpenApi {
    static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| description::of(all().0.into_openapi()));
    &DOCUMENT
}

fn all() -> Calls {
    let calls = Calls(OpenApiRouter::default());
    let calls = secrets(credentials(applications(users(calls))));
    calls
        .call(&[Scope::SessionsRead], routes!(sessions::list))
        .call(&[Scope::SessionsRead], routes!(sessions::show))
        .call(&[Scope::SessionsRevoke], routes!(sessions::end))
        .call(&[Scope::ProxiesRead], routes!(proxies::list_page))
        .call(
            &[Scope::RevocationsRead],
            routes!(revocations::calls::list_page),
        )
        .call(
            &[Scope::UsersRevoke, Scope::ApplicationsRevoke],
            routes!(revocations::calls::make),
        )
        .call(&[Scope::RevocationsRead], routes!(revocations::calls::show))
        .call(&[Scope::AuditRead], routes!(audit::list))
        .call(&[Scope::SettingsRead], routes!(providers::list))
        .call(&[Scope::SettingsRead], routes!(settings::show))
        .call(&[Scope::SettingsWrite], routes!(settings::put))
        .call(&[], routes!(description::show))
}

fn users(calls: Calls) -> Calls {
    let of_several = DefaultBodyLimit::max(users::several::MAX_BODY_BYTES);
    calls
        .call(&[Scope::UsersRead], routes!(users::listed::list_page))
        .call(&[Scope::UsersWrite], routes!(users::calls::add))
        .call(&[Scope::UsersRead], routes!(users::calls::show))
        .call(&[Scope::UsersWrite], routes!(users::removal::remove))
        .call(
            &[Scope::UsersRevoke],
            routes!(users::several::revoke).layer(of_several),
        )
        .call(&[Scope::UsersRevoke], routes!(users::revoke))
        .call(&[Scope::UsersWrite], routes!(users::disable))
        .call(&[Scope::UsersWrite], routes!(users::enabling::enable))
        .call(&[Scope::UsersWrite], routes!(users::password::set))
        .call(&[Scope::RolesWrite], routes!(users::role::set))
}

fn applications(calls: Calls) -> Calls {
    let of_application = DefaultBodyLimit::max(applications::write::MAX_BODY_BYTES);
    let of_group = DefaultBodyLimit::max(access_groups::MAX_BODY_BYTES);
    calls
        .call(&[Scope::ApplicationsRead], routes!(applications::list_page))
        .call(&[Scope::ApplicationsRead], routes!(applications::show))
        .call(
            &[Scope::ApplicationsWrite],
            routes!(applications::write::put).layer(of_application),
        )
        .call(
            &[Scope::ApplicationsWrite],
            routes!(applications::write::patch).layer(of_application),
        )
        .call(
            &[Scope::ApplicationsWrite],
            routes!(applications::removal::remove),
        )
        .call(
            &[Scope::ApplicationsRevoke],
            routes!(applications::revocation::revoke),
        )
        .call(&[Scope::ApplicationsRead], routes!(policies::test))
        .call(&[Scope::ApplicationsRead], routes!(access_groups::list))
        .call(&[Scope::ApplicationsRead], routes!(access_groups::show))
        .call(
            &[Scope::ApplicationsWrite],
            routes!(access_groups::set).layer(of_group),
        )
        .call(&[Scope::ApplicationsWrite], routes!(access_groups::delete))
}

fn credentials(calls: Calls) -> Calls {
    calls
        .call(
            &[Scope::CredentialsRead],
            routes!(filter_credentials::list_page),
        )
        .call(
            &[Scope::CredentialsWrite],
            routes!(filter_credentials::make),
        )
        .call(
            &[Scope::CredentialsRevoke],
            routes!(filter_credentials::revoke),
        )
        .call(&[Scope::CredentialsRead], routes!(admin_tokens::list_page))
        .call(&[Scope::CredentialsRevoke], routes!(admin_tokens::revoke))
}

fn secrets(calls: Calls) -> Calls {
    calls
        .call(&[Scope::CredentialsRead], routes!(service_tokens::list))
        .call(&[Scope::CredentialsWrite], routes!(service_tokens::add))
        .call(&[Scope::CredentialsRevoke], routes!(service_tokens::delete))
        .call(&[Scope::CredentialsWrite], routes!(service_tokens::rotate))
        .call(
            &[Scope::CredentialsRevoke],
            routes!(service_tokens::disable),
        )
        .call(&[Scope::CredentialsWrite], routes!(service_tokens::enable))
        .call(&[Scope::KeysRead], routes!(keys::list))
        .call(&[Scope::KeysRotate], routes!(keys::rotate))
        .call(&[Scope::KeysRotate], routes!(keys::reseal))
        .call(&[Scope::KeysRefuse], routes!(keys::refuse))
}

impl Calls {
    /// With a call that needs all of these scopes: its route refuses a caller who lacks one, and its
    /// description names them.
    fn call(
        self,
        scopes: &'static [Scope],
        (schemas, mut paths, route): UtoipaMethodRouter<Arc<Service>>,
    ) -> Self {
        let names = scopes.iter().map(|scope| scope.name());
        let needed = SecurityRequirement::new(description::SCHEME, names);
        for item in paths.paths.values_mut() {
            for (_, operation) in description::operations_mut(item) {
                operation.security = Some(vec![needed.clone()]);
            }
        }
        let guard = move |administrator: Administrator, request: Request, next: Next| async move {
            for scope in scopes {
                require(&administrator, *scope)?;
            }
            Ok::<_, ApiError>(next.run(request).await)
        };
        let route = route.route_layer(middleware::from_fn(guard));
        Self(self.0.routes((schemas, paths, route)))
    }
}
