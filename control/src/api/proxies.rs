//! Proxies, which follow the feed: `GET proxies`; on the control socket also `GET /proxies` and
//! `POST /proxies/forget`.

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::error::ApiError;
use super::input::Input;
use super::list::{Items, ListPage, ListQuery, QueryResult};
use crate::administration::proxies::{self, Named};
use crate::feed::proxies::{ProxyState, Standing, standings};
use crate::service::Service;
use crate::storage::StorageError;

/// A proxy, in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Proxy)]
pub struct ProxyView {
    /// Its name for itself; it is one Envoy process.
    pub instance: String,
    /// The name of its Envoy node, if it has one.
    pub node: Option<String>,
    /// Whether another process of the same node was there at the same time.
    pub shares_node: bool,
    /// The id of its filter credential.
    pub credential: String,
    /// Where it last polled from.
    pub address: String,
    /// It has applied the feed up to this version.
    pub version: u64,
    /// Its last poll.
    #[schema(value_type = u64, format = "unixtime")]
    pub last_poll_at: UnixSeconds,
    /// Whether it polls, and if not, whether it may still admit users.
    pub state: ProxyState,
    /// If it is unknown: until when revocations wait for it; null if only an administrator can say
    /// that it is gone.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub until: Option<UnixSeconds>,
}

/// A proxy, by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyName {
    instance: String,
}

/// Proxies that were forgotten.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    /// How many had the name.
    pub forgotten: u64,
}

/// All known proxies.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<ProxyView>>, CommandError> {
    let standings = known(&service).await?;
    Ok(Json(Items {
        items: standings.into_iter().map(ProxyView::from).collect(),
    }))
}

/// Lists proxies, by credential and name.
#[utoipa::path(
    get,
    path = "/proxies",
    operation_id = "list_proxies",
    params(ListQuery),
    responses((status = OK, body = ListPage<ProxyView>)),
)]
pub async fn list_page(
    State(service): State<Arc<Service>>,
    query: QueryResult,
) -> Result<Json<ListPage<ProxyView>>, ApiError> {
    let query = ListQuery::checked(query)?;
    let after = query.after::<(String, String)>()?;
    let position = |one: &Standing| (one.proxy.credential.clone(), one.proxy.instance.clone());
    let mut proxies = known(&service).await?;
    proxies.retain(|one| after.as_ref().is_none_or(|after| position(one) > *after));
    proxies.sort_by_key(position);
    proxies.truncate(query.limit_and_one() as usize);
    Ok(Json(query.page(proxies, position)))
}

async fn known(service: &Service) -> Result<Vec<Standing>, StorageError> {
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    Ok(standings(storage.proxies().await?, service.clock.now()))
}

impl From<Standing> for ProxyView {
    fn from(standing: Standing) -> Self {
        let until = standing.until();
        let Standing {
            proxy,
            state,
            shares_node,
        } = standing;
        Self {
            instance: proxy.instance,
            node: proxy.process.map(|of| of.node),
            shares_node,
            credential: proxy.credential,
            address: proxy.address,
            version: proxy.applied,
            last_poll_at: proxy.last_seen.to_seconds(),
            state,
            until,
        }
    }
}

/// Forgets a proxy that is gone for good, so that revocations no longer wait for it. A proxy
/// that polls again is known again.
pub async fn forget(
    State(service): State<Arc<Service>>,
    administrator: Administrator,
    Input(request): Input<ProxyName>,
) -> Result<Json<Forgotten>, CommandError> {
    let named = Named {
        instance: &request.instance,
        credential: None,
    };
    let forgotten = proxies::forget(&service, named, &administrator).await?;
    if forgotten == 0 {
        return Err(CommandError::Unknown {
            path: "instance",
            value: request.instance,
            message: "no proxy has this name; `proxy list` shows all proxies",
        });
    }
    Ok(Json(Forgotten { forgotten }))
}
