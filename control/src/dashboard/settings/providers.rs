//! `GET /dashboard/settings/providers`: with whom people sign in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::protocol::origin::Origin;

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::super::shown::Shown;
use crate::administration::providers::{self, ProviderStanding};
use crate::identity_providers::settings::ProviderConfig;
use crate::service::Service;
use crate::sessions::durations::to_text;
use crate::team_domain::login::provider::trial;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

#[derive(Template)]
#[template(path = "dashboard/settings/providers.html")]
struct ProvidersTemplate {
    shell: Shell,
    may_try: bool,
    passwords: bool,
    providers: Vec<Row>,
}

struct Row {
    id: String,
    name: Shown,
    issuer: Shown,
    client_id: Shown,
    redirect_uri: String,
    domains: Shown,
    groups: Shown,
    recheck: Option<String>,
    standing: Standing,
}

/// How sign-ins went within the last day.
struct Standing {
    succeeded: Option<ShownTime>,
    /// How many have failed since, when the last one did, and why.
    failed: Option<(u64, ShownTime, String)>,
}

/// `GET /dashboard/settings/providers`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
) -> Result<Response, Failure> {
    let team_domain = &service.team_domain;
    let standings = providers::standings(&service).await?.into_iter();
    let page = ProvidersTemplate {
        shell: person.shell(),
        may_try: person.may(trial::NEEDS),
        passwords: service.config.sign_in.passwords,
        providers: standings
            .map(|(provider, standing)| Row::of(provider.settings(), team_domain, standing))
            .collect(),
    };
    person.respond(StatusCode::OK, &page)
}

impl Row {
    fn of(settings: &ProviderConfig, team_domain: &Origin, standing: ProviderStanding) -> Self {
        let domains: Vec<String> = settings
            .email_domains
            .iter()
            .map(|domain| domain.shown.clone())
            .collect();
        Self {
            id: settings.id.clone(),
            name: Shown::new(&settings.name),
            issuer: Shown::new(&settings.issuer),
            client_id: Shown::new(&settings.client_id),
            redirect_uri: settings.redirect_uri(team_domain),
            domains: Shown::new(&domains.join(", ")),
            groups: Shown::new(settings.groups_claim.as_deref().unwrap_or_default()),
            recheck: settings.recheck.map(to_text),
            standing: standing.into(),
        }
    }
}

impl From<ProviderStanding> for Standing {
    fn from(standing: ProviderStanding) -> Self {
        let failures = standing.failures;
        let failed = standing.failed;
        Self {
            succeeded: standing.succeeded_at.map(ShownTime::at),
            failed: failed.map(|(at, reason)| (failures, ShownTime::at(at), reason)),
        }
    }
}
