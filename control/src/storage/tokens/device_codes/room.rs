//! Room for requests that wait: strangers can make as many as they like, so each network has a
//! share, each site, and all together. Where a share is full, the oldest request of the largest
//! share in it goes, unless somebody has answered it or is looking at it.

use portcullis::time::UnixSeconds;

use crate::storage::database::columns::to_db;
use crate::storage::database::error::StorageError;
use crate::storage::database::write::Write;

/// The most requests that wait at a time. Without a bound, strangers could fill the disk.
const MOST: i64 = 10_000;
/// The most of a site.
const MOST_OF_A_SITE: i64 = 200;
/// The most of a network.
const MOST_OF_A_NETWORK: i64 = 20;
/// How many requests one user can look at. Otherwise a user could keep all places.
const MOST_LOOKED_AT: i64 = 4;

/// Makes room for a request from a network in a site. False if there is none.
pub(super) async fn make(
    write: &mut Write,
    (network, site): (&str, &str),
    now: UnixSeconds,
) -> Result<bool, StorageError> {
    let (all, of_site, of_network): (i64, i64, i64) = sqlx::query_as(
        "SELECT COUNT(*), \
         CAST(COALESCE(SUM(CASE WHEN client_site = $1 THEN 1 ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(CASE WHEN client_network = $2 THEN 1 ELSE 0 END), 0) AS BIGINT) \
         FROM device_codes WHERE expires_at > $3",
    )
    .bind(site)
    .bind(network)
    .bind(to_db(now))
    .fetch_one(write.connection())
    .await?;
    if of_network >= MOST_OF_A_NETWORK {
        return drop_oldest(write, network, now).await;
    }
    let site = if of_site >= MOST_OF_A_SITE {
        Some(site.to_owned())
    } else if all >= MOST {
        largest_site(write, now).await?
    } else {
        return Ok(true);
    };
    let Some(site) = site else {
        return Ok(false);
    };
    match largest_network(write, &site, now).await? {
        Some(network) => drop_oldest(write, &network, now).await,
        None => Ok(false),
    }
}

/// The site with the most requests that may go.
async fn largest_site(write: &mut Write, now: UnixSeconds) -> Result<Option<String>, StorageError> {
    let site: Option<(String,)> = sqlx::query_as(
        "SELECT client_site FROM device_codes \
         WHERE answer IS NULL AND seen_by IS NULL AND expires_at > $1 \
         GROUP BY client_site ORDER BY COUNT(*) DESC, MIN(asked_at), client_site LIMIT 1",
    )
    .bind(to_db(now))
    .fetch_optional(write.connection())
    .await?;
    Ok(site.map(|(site,)| site))
}

/// The network in a site with the most requests that may go.
async fn largest_network(
    write: &mut Write,
    site: &str,
    now: UnixSeconds,
) -> Result<Option<String>, StorageError> {
    let network: Option<(String,)> = sqlx::query_as(
        "SELECT client_network FROM device_codes \
         WHERE client_site = $1 AND answer IS NULL AND seen_by IS NULL AND expires_at > $2 \
         GROUP BY client_network ORDER BY COUNT(*) DESC, MIN(asked_at), client_network LIMIT 1",
    )
    .bind(site)
    .bind(to_db(now))
    .fetch_optional(write.connection())
    .await?;
    Ok(network.map(|(network,)| network))
}

/// Deletes the oldest request of a network that may go. False if there is none.
async fn drop_oldest(
    write: &mut Write,
    network: &str,
    now: UnixSeconds,
) -> Result<bool, StorageError> {
    let dropped = sqlx::query(
        "DELETE FROM device_codes WHERE answer IS NULL AND seen_by IS NULL \
         AND device_code_hash = (SELECT device_code_hash FROM device_codes \
         WHERE client_network = $1 AND answer IS NULL AND seen_by IS NULL AND expires_at > $2 \
         ORDER BY asked_at, device_code_hash LIMIT 1)",
    )
    .bind(network)
    .bind(to_db(now))
    .execute(write.connection())
    .await?;
    Ok(dropped.rows_affected() == 1)
}

/// Of all requests that a user is looking at, only the last few count.
pub(super) async fn look_away(write: &mut Write, user_id: &str) -> Result<(), StorageError> {
    sqlx::query(
        "UPDATE device_codes SET seen_by = NULL, seen_at = NULL WHERE seen_by = $1 \
         AND device_code_hash NOT IN (SELECT device_code_hash FROM device_codes \
         WHERE seen_by = $1 ORDER BY seen_at DESC, asked_at DESC, device_code_hash LIMIT $2)",
    )
    .bind(user_id)
    .bind(MOST_LOOKED_AT)
    .execute(write.connection())
    .await?;
    Ok(())
}
