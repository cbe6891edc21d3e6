//! `GET /proxies`, `POST /proxies/forget`: who follows the feed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::Input;
use super::{Items, SocketError};
use crate::feed::proxies::{ProxyState, state_of};
use crate::service::Service;
use crate::storage::Proxy;
use crate::system::clock::milliseconds;

/// A proxy, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProxyView {
    /// Its name for itself: one Envoy process.
    pub instance: String,
    /// The id of the filter credential that it shows.
    pub credential: String,
    /// Where it last polled from.
    pub address: String,
    /// Everything up to this version of the feed is in force there.
    pub version: u64,
    /// Its last poll, seconds since 1970.
    pub last_poll_at: u64,
    /// Whether it can let anybody in by what it has.
    pub state: ProxyState,
}

/// A proxy, by its name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyName {
    instance: String,
}

/// What was forgotten.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    /// How many proxies of that name.
    pub forgotten: u64,
}

/// All proxies that are remembered.
pub async fn list(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<ProxyView>>, SocketError> {
    service
        .proxies
        .write(&service.storage, &service.news)
        .await?;
    let now_ms = milliseconds(service.clock.as_ref());
    let view = |proxy: Proxy| ProxyView {
        state: state_of(&proxy, now_ms),
        instance: proxy.instance,
        credential: proxy.credential,
        address: proxy.address,
        version: proxy.applied,
        last_poll_at: proxy.last_seen_ms / 1_000,
    };
    let proxies = service.storage.proxies().await?;
    Ok(Json(Items {
        items: proxies.into_iter().map(view).collect(),
    }))
}

/// No longer waits for a proxy that is gone for good. One that polls comes back by itself.
pub async fn forget(
    State(service): State<Arc<Service>>,
    Input(request): Input<ProxyName>,
) -> Result<Json<Forgotten>, SocketError> {
    service.proxies.forget(&request.instance);
    let forgotten = service.storage.forget_proxies(&request.instance).await?;
    if forgotten == 0 {
        return Err(SocketError::Unknown {
            path: "instance",
            value: request.instance,
            message: "there is no proxy of this name; `proxy list` shows all",
        });
    }
    tracing::info!(instance = request.instance, "a proxy is forgotten");
    Ok(Json(Forgotten { forgotten }))
}
