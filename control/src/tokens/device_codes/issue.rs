//! Issuing the codes of a request.

use std::net::IpAddr;

use super::user_code::UserCode;
use super::{LIFE, POLL_INTERVAL};
use crate::service::Service;
use crate::storage::{NewDeviceCode, StorageError};
use crate::system::randomness::NoRandomness;
use crate::system::rate_limit::{network, site};
use crate::tokens::secret::Plain;

/// The codes of a request.
pub struct DeviceCodes {
    /// For the command line.
    pub device_code: Plain,
    /// For the user.
    pub user_code: UserCode,
}

/// Why no codes were issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueCodesError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// People are looking at all requests that wait for an answer, of this client or of all.
    #[error("too many requests are waiting for an answer")]
    TooMany,
}

/// Issues the codes of a client's request for a token.
///
/// # Errors
/// When nothing was issued.
pub async fn issue(
    service: &Service,
    audience: &str,
    client: IpAddr,
) -> Result<DeviceCodes, IssueCodesError> {
    let codes = DeviceCodes {
        device_code: Plain::new(service.random.secret()?),
        user_code: UserCode::make(service.random.as_ref())?,
    };
    let now = service.now();
    let new = NewDeviceCode {
        device_code: codes.device_code.hashed(),
        user_code: codes.user_code.hashed(),
        audience: audience.to_owned(),
        client_address: client.to_string(),
        client_network: network(client).to_string(),
        client_site: site(client),
        asked_at: now,
        expires_at: now + LIFE,
        poll_interval: POLL_INTERVAL,
    };
    if service.storage.add_device_code(&new).await? {
        Ok(codes)
    } else {
        Err(IssueCodesError::TooMany)
    }
}
