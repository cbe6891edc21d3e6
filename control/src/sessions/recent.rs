//! Whether a person has proved a short while ago who they are, as acts that destroy something demand.

use std::time::Duration;

use portcullis::time::UnixSeconds;

use crate::storage::Session;

/// How long a sign-in suffices to open a page that asks for a confirmation.
pub const TO_OPEN: Duration = Duration::from_secs(15 * 60);
/// How long it suffices to confirm: nobody loses a form because they read the page.
pub const TO_CONFIRM: Duration = Duration::from_secs(20 * 60);

/// Whether the session's sign-in is not older than `limit`. One of unknown age, at a provider that knew
/// the person from before, never suffices.
#[must_use]
pub fn is_recent(session: &Session, now: UnixSeconds, limit: Duration) -> bool {
    session.auth_ver > 0 && now.duration_since(session.auth_time) < limit
}
