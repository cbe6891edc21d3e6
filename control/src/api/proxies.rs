//! Proxies, which follow the feed: `GET /proxies`, `POST /proxies/forget`, on the control socket.

use std::sync::Arc;

use portcullis::time::UnixSeconds;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::command_error::CommandError;
use super::input::Input;
use super::list::Items;
use crate::feed::proxies::{ProxyState, state_of};
use crate::service::Service;
use crate::storage::Proxy;

/// A proxy, in a list.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProxyView {
    /// Its name for itself; it is one Envoy process.
    pub instance: String,
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
    let now = service.clock.now();
    let view = |proxy: Proxy| ProxyView {
        state: state_of(&proxy, now),
        instance: proxy.instance,
        credential: proxy.credential,
        address: proxy.address,
        version: proxy.applied,
        last_poll_at: proxy.last_seen.to_seconds(),
    };
    let proxies = service.storage.proxies().await?;
    Ok(Json(Items {
        items: proxies.into_iter().map(view).collect(),
    }))
}

/// Forgets a proxy that is gone for good, so that revocations no longer wait for it. A proxy
/// that polls again is known again.
pub async fn forget(
    State(service): State<Arc<Service>>,
    Input(request): Input<ProxyName>,
) -> Result<Json<Forgotten>, CommandError> {
    service.proxies.forget(&request.instance);
    let forgotten = service.storage.forget_proxies(&request.instance).await?;
    if forgotten == 0 {
        return Err(CommandError::Unknown {
            path: "instance",
            value: request.instance,
            message: "no proxy has this name; `proxy list` shows all proxies",
        });
    }
    tracing::info!(instance = request.instance, "proxy forgotten");
    Ok(Json(Forgotten { forgotten }))
}
