//! Requests of command lines for a token, which a person answers in a browser (RFC 8628). The
//! command line polls with the device code, a secret; the person compares the user code, which is
//! short and shown in both places.

mod guess_limits;
mod request_limits;
mod user_code;

use std::net::IpAddr;

use crate::service::Service;
use crate::sign_in::limits::network;
use crate::storage::{NewDeviceCode, StorageError};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

pub use guess_limits::GuessLimits;
pub use request_limits::RequestLimits;
pub use user_code::UserCode;

/// The one client of the device endpoints: this program's command line. It is public, so the id
/// proves nothing (RFC 6749, section 2.2).
pub const CLIENT_ID: &str = "portcullis-control";
/// `grant_type` of a poll (RFC 8628, section 3.4).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long a person has to answer, in seconds.
pub const LIFE_SECONDS: u64 = 600;
/// How long the command line waits between two polls at least, in seconds.
pub const POLL_SECONDS: u64 = 2;

/// Codes that were made.
pub struct MadeCodes {
    /// For the command line.
    pub device_code: Plain,
    /// For the person.
    pub user_code: UserCode,
}

/// Why there are no codes.
#[derive(Debug, thiserror::Error)]
pub enum MakeCodesError {
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Too many requests wait for an answer, of this client or of all.
    #[error("too many requests wait for an answer")]
    TooMany,
}

/// Makes the codes of a client's request for a token.
///
/// # Errors
/// When nothing was made.
pub async fn make(
    service: &Service,
    audience: &str,
    client: IpAddr,
) -> Result<MadeCodes, MakeCodesError> {
    let codes = MadeCodes {
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
        asked_at: now,
        expires_at: now + LIFE_SECONDS,
        poll_interval: POLL_SECONDS,
    };
    if service.storage.add_device_code(&new).await? {
        Ok(codes)
    } else {
        Err(MakeCodesError::TooMany)
    }
}
