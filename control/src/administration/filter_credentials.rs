//! Filter credentials, and who uses them.

use std::collections::HashMap;

use crate::api::administrator::Administrator;
use crate::feed::proxies::{ProxyState, standings};
use crate::service::Service;
use crate::storage::{FilterCredential, StorageError};

/// A credential and what is known about its use.
pub struct KnownCredential {
    /// What is stored of it.
    pub credential: FilterCredential,
    /// The names of its applications, or their audiences where they were removed; `None` for all
    /// applications.
    pub applications: Option<Vec<String>>,
    /// How many proxies follow the feed with it now.
    pub live_proxies: u64,
}

/// A credential that was revoked.
pub struct Revoked {
    /// Its name.
    pub name: String,
    /// The version of the feed that the revocation took.
    pub version: u64,
    /// How many proxies followed the feed with it.
    pub live_proxies: u64,
    /// How many credentials are left.
    pub left: u64,
}

/// All credentials, the oldest first.
///
/// # Errors
/// When the database failed.
pub async fn all(service: &Service) -> Result<Vec<KnownCredential>, StorageError> {
    let proxies = live_proxies(service).await?;
    let applications = service.storage.applications().await?;
    let name_of = |audience: &String| {
        let application = applications.iter().find(|one| one.audience == *audience);
        application.map_or_else(|| audience.clone(), |one| one.definition.name.clone())
    };
    let known = |credential: FilterCredential| KnownCredential {
        applications: credential
            .audiences
            .as_ref()
            .map(|audiences| audiences.iter().map(name_of).collect()),
        live_proxies: proxies.get(&credential.id).copied().unwrap_or_default(),
        credential,
    };
    let credentials = service.storage.filter_credentials().await?;
    Ok(credentials.into_iter().map(known).collect())
}

/// Revokes a credential: its long polls end, and its later calls are refused. `None` if there is no
/// such credential.
///
/// # Errors
/// When the database failed, and nothing was changed.
pub async fn revoke(
    service: &Service,
    by: &Administrator,
    id: &str,
) -> Result<Option<Revoked>, StorageError> {
    let proxies = live_proxies(service).await?;
    let storage = &service.storage;
    let revoked = storage.revoke_filter_credential(id, by.initiator()).await?;
    let Some(revoked) = revoked else {
        return Ok(None);
    };
    service.notifier.committed(revoked.version);
    let live_proxies = proxies.get(id).copied().unwrap_or_default();
    tracing::info!(
        credential = id,
        name = revoked.name,
        live_proxies,
        %by,
        "filter credential revoked"
    );
    Ok(Some(Revoked {
        name: revoked.name,
        version: revoked.version,
        live_proxies,
        left: revoked.left,
    }))
}

/// How many proxies poll with each credential.
async fn live_proxies(service: &Service) -> Result<HashMap<String, u64>, StorageError> {
    let storage = &service.storage;
    service.proxies.write(storage, &service.notifier).await?;
    let proxies = storage.proxies().await?;
    let mut counts = HashMap::new();
    for standing in standings(proxies, service.clock.now()) {
        if standing.state == ProxyState::Live {
            *counts.entry(standing.proxy.credential).or_default() += 1;
        }
    }
    Ok(counts)
}
