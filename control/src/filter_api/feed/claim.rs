//! The position with which a follower polls, as evidence that the database went back.
//!
//! A filter that has a later version than the database, of this epoch or another, has it from a
//! database that was lost: this one is a backup, or a replica without the last transactions. Every
//! page brings a proof of its version, which outlives the database ([`Seal::authenticate`]). So the
//! holder of a filter credential cannot claim a version that was never issued, and stop the service
//! with it.
//!
//! A later version without its proof does not count. In this epoch it is refused. In another one its
//! follower has it from another control service, and gets the feed of this one as every follower
//! without a position does; but a filter from before there were proofs, which sends none at all, is
//! refused: it may have it from here.

use super::super::error::ApiError;
use super::super::identity::FilterIdentity;
use crate::seal::{Seal, SealError};
use crate::service::Service;
use crate::storage::StorageError;

/// Checks the position with which a filter polls, and its proof.
///
/// # Errors
/// When the position is later than the database's and is not proved; when the database went back, or
/// cannot be read.
pub async fn check(
    service: &Service,
    identity: &FilterIdentity,
    epoch: &str,
    after: u64,
    proof: Option<&str>,
) -> Result<(), ApiError> {
    let storage = &service.storage;
    if after <= storage.continuity().seen() {
        return Ok(());
    }
    let credential = identity.id();
    let message = message(epoch, after);
    if proof.is_some_and(|proof| service.seal.is_authentic(&message, proof)) {
        let checked = storage.check_shown(Some(epoch), after).await;
        if matches!(checked, Err(StorageError::WentBack)) {
            tracing::error!(
                credential,
                after,
                "a filter has a later version of the feed than the database"
            );
        }
        return Ok(checked?);
    }
    let found = storage.position().await?;
    // Another replica may have committed it a moment ago.
    if after <= found.version {
        return Ok(());
    }
    if proof.is_some() && epoch != found.epoch {
        tracing::warn!(
            credential,
            "a filter followed another control service, and now gets this one's feed"
        );
        return Ok(());
    }
    tracing::warn!(
        credential,
        after,
        "a filter claims a later version of the feed than the database has, without its proof: the \
         poll is refused. If the database is an older one, run `restore`; if it is a new one, restart \
         the filter's Envoy; else another program may use the filter's credential"
    );
    Err(ApiError::RequestInvalid)
}

/// What proves that the service has issued a version in an epoch.
pub fn proof(seal: &Seal, epoch: &str, version: u64) -> Result<String, SealError> {
    seal.authenticate(&message(epoch, version))
}

fn message(epoch: &str, version: u64) -> Vec<u8> {
    format!("portcullis feed {version} {epoch}").into_bytes()
}
