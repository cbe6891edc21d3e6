//! Proxies, which follow the feed: `GET /proxies`, `POST /proxies/forget`, on the control socket.

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::administrator::Administrator;
use super::command_error::CommandError;
use super::input::Input;
use super::list::Items;
use crate::administration::proxies::{self, Named};
use crate::feed::proxies::{ProxyState, Standing, standings};
use crate::service::Service;

/// A proxy, in a list.
#[derive(Debug, Serialize, Deserialize)]
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
    pub last_poll_at: UnixSeconds,
    /// Whether it polls, and if not, whether it may still admit users.
    pub state: ProxyState,
    /// If it is unknown: until when revocations wait for it; `None` if only an administrator can say
    /// that it is gone.
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
    service
        .proxies
        .write(&service.storage, &service.notifier)
        .await?;
    let standings = standings(service.storage.proxies().await?, service.clock.now());
    Ok(Json(Items {
        items: standings.into_iter().map(ProxyView::from).collect(),
    }))
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
