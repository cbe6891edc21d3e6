//! Identity providers: `GET providers`. They stand in the configuration file.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portcullis::protocol::origin::Origin;
use serde::Serialize;
use utoipa::ToSchema;

use super::list::Items;
use crate::identity_providers::settings::ProviderConfig;
use crate::service::Service;
use crate::sessions::durations::to_text;

/// An identity provider, as the configuration file declares it. Its secrets are never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Provider)]
pub struct ProviderView {
    /// Its id, in policies and paths.
    id: String,
    /// Its name, for people.
    name: String,
    /// Its issuer.
    issuer: String,
    /// The service's client id there.
    client_id: String,
    /// Where it sends people back to.
    redirect_uri: String,
    /// The domains for whose addresses it may speak; empty if none is named.
    email_domains: Vec<String>,
    /// The claim that has a person's groups; null if it gives none.
    groups_claim: Option<String>,
    /// How often it is asked whether a person is still there, such as `1h`; null for never.
    recheck: Option<String>,
}

impl ProviderView {
    fn of(settings: &ProviderConfig, team_domain: &Origin) -> Self {
        let domains = settings.email_domains.iter();
        Self {
            id: settings.id.clone(),
            name: settings.name.clone(),
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            redirect_uri: settings.redirect_uri(team_domain),
            email_domains: domains.map(|domain| domain.shown.clone()).collect(),
            groups_claim: settings.groups_claim.clone(),
            recheck: settings.recheck.map(to_text),
        }
    }
}

/// Lists the identity providers with which people sign in, on one page.
#[utoipa::path(
    get,
    path = "/providers",
    operation_id = "list_providers",
    responses((status = OK, body = Items<ProviderView>)),
)]
pub async fn list(State(service): State<Arc<Service>>) -> Json<Items<ProviderView>> {
    let providers = service.identity_providers.all();
    let view = |settings| ProviderView::of(settings, &service.team_domain);
    Json(Items {
        items: providers.map(|one| view(one.settings())).collect(),
    })
}
