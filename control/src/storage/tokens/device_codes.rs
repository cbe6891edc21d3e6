//! Device codes and user codes (RFC 8628): a command line's request for a token, until a person has
//! answered it and the command line has fetched the answer. Only hashes of the codes are stored.

mod poll;
mod room;

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::storage::audit::Unaudited;
use crate::storage::database::Database;
use crate::storage::database::columns::{from_db, to_db};
use crate::storage::database::error::StorageError;
use crate::storage::sessions::ShownSignIn;
use crate::tokens::secret::Hashed;

pub use poll::Poll;

/// A request to store.
#[derive(Debug, Clone)]
pub struct NewDeviceCode {
    /// Hash of the code with which the command line polls.
    pub device_code: Hashed,
    /// Hash of the code that the person sees in both places.
    pub user_code: Hashed,
    /// The application that the token is for.
    pub audience: String,
    /// Where the request came from.
    pub client_address: String,
    /// The network that counts as one client.
    pub client_network: String,
    /// The site that the network is in.
    pub client_site: String,
    /// The time of the request.
    pub asked_at: UnixSeconds,
    /// When it expires.
    pub expires_at: UnixSeconds,
    /// The time between two polls.
    pub poll_interval: Duration,
}

/// A request that has not been answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingDeviceCode {
    /// The application that the token is for.
    pub audience: String,
    /// Where the request came from.
    pub client_address: String,
    /// The time of the request.
    pub asked_at: UnixSeconds,
}

/// A person's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceAnswer<'a> {
    /// A token may be made for the sign-in that the person's browser showed.
    Confirmed(&'a ShownSignIn),
    /// No token may be made.
    Refused,
}

impl Database {
    /// Stores a request, for which another may have to go. False if people are looking at all of
    /// them.
    pub async fn add_device_code(&self, code: &NewDeviceCode) -> Result<bool, StorageError> {
        let mut write = self.write().await?;
        let from = (code.client_network.as_str(), code.client_site.as_str());
        if !room::make(&mut write, from, code.asked_at).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO device_codes (device_code_hash, user_code_hash, audience, \
             client_address, client_network, asked_at, expires_at, poll_interval, next_poll_at, \
             client_site) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $9)",
        )
        .bind(code.device_code.as_str())
        .bind(code.user_code.as_str())
        .bind(&code.audience)
        .bind(&code.client_address)
        .bind(&code.client_network)
        .bind(to_db(code.asked_at))
        .bind(to_db(code.expires_at))
        .bind(to_db(code.poll_interval.as_secs()))
        .bind(&code.client_site)
        .execute(write.connection())
        .await?;
        write.commit_unaudited(Unaudited::OnTheWay).await?;
        Ok(true)
    }

    /// The request with a user code, if it is still waiting.
    pub async fn waiting_device_code(
        &self,
        user_code: &Hashed,
        now: UnixSeconds,
    ) -> Result<Option<WaitingDeviceCode>, StorageError> {
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT audience, client_address, asked_at FROM device_codes \
             WHERE user_code_hash = $1 AND answer IS NULL AND expires_at > $2",
        )
        .bind(user_code.as_str())
        .bind(to_db(now))
        .fetch_optional(self.pool())
        .await?;
        Ok(
            row.map(|(audience, client_address, asked_at)| WaitingDeviceCode {
                audience,
                client_address,
                asked_at: from_db(asked_at),
            }),
        )
    }

    /// Notes that a user is looking at a request, so that it does not have to go. Of one user this
    /// holds for the last few requests.
    pub async fn look_at_device_code(
        &self,
        user_code: &Hashed,
        user_id: &str,
        now: UnixSeconds,
    ) -> Result<(), StorageError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE device_codes SET seen_by = $1, seen_at = $2 \
             WHERE user_code_hash = $3 AND answer IS NULL",
        )
        .bind(user_id)
        .bind(to_db(now))
        .bind(user_code.as_str())
        .execute(write.connection())
        .await?;
        room::look_away(&mut write, user_id).await?;
        write.commit_unaudited(Unaudited::OnTheWay).await?;
        Ok(())
    }

    /// Answers a request. False if it was already answered, or is gone.
    pub async fn answer_device_code(
        &self,
        user_code: &Hashed,
        answer: DeviceAnswer<'_>,
        now: UnixSeconds,
    ) -> Result<bool, StorageError> {
        let (answer, shown) = match answer {
            DeviceAnswer::Confirmed(shown) => ("confirmed", Some(shown)),
            DeviceAnswer::Refused => ("refused", None),
        };
        let answered = sqlx::query(
            "UPDATE device_codes SET answer = $1, session_id = $2, auth_time = $3, auth_ver = $4, \
             session_end = $5, key_refusals = $6 \
             WHERE user_code_hash = $7 AND answer IS NULL AND expires_at > $8",
        )
        .bind(answer)
        .bind(shown.map(|shown| shown.session_id.as_str()))
        .bind(shown.map(|shown| to_db(shown.auth_time)))
        .bind(shown.map(|shown| to_db(shown.auth_ver)))
        .bind(shown.map(|shown| to_db(shown.session_end)))
        .bind(shown.map_or(0, |shown| to_db(shown.key_refusals)))
        .bind(user_code.as_str())
        .bind(to_db(now))
        .execute(self.pool())
        .await?;
        Ok(answered.rows_affected() == 1)
    }

    /// Looks for the answer. Only one poll gets it.
    pub async fn poll_device_code(
        &self,
        device_code: &Hashed,
        now: UnixSeconds,
    ) -> Result<Poll, StorageError> {
        if let Some(nothing_new) = poll::look(self.pool(), device_code, now).await? {
            return Ok(nothing_new);
        }
        let mut write = self.write().await?;
        let poll = match poll::take_ended(&mut write, device_code, now).await? {
            Some(ended) => ended,
            None => poll::keep_waiting(&mut write, device_code, now).await?,
        };
        write.commit_unaudited(Unaudited::OnTheWay).await?;
        Ok(poll)
    }
}
