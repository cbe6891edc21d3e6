//! The cookie by which a browser shows that a user signed in there before, for a year, also after
//! signing out. It only gives the browser an allowance of its own for failed sign-ins, so that
//! strangers cannot shut out the user: see [`limits`](super::limits).
//!
//! For each of the last few users the cookie has a random id, the day, and an HMAC over both and
//! the user's id under a key of the database. A reader of the cookie learns nothing about users.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use hmac_sha256::HMAC;
use portcullis::protocol::base64url;
use portcullis::time::UnixSeconds;
use subtle::ConstantTimeEq;

use crate::seal::{Purpose, Seal, SealError};
use crate::sessions::cookies;
use crate::storage::{Database, StorageError};
use crate::system::randomness::{NoRandomness, Randomness};

/// How long a browser is known after a sign-in.
pub const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const DAY_SECONDS: u64 = 24 * 60 * 60;
/// Of so many users one browser shows that they signed in there.
const MOST_USERS: usize = 4;
const LABEL: &[u8] = b"portcullis known browser";
const ID_BYTES: usize = 16;
const DAY_BYTES: usize = 4;
const MAC_BYTES: usize = 32;
const PART_BYTES: usize = ID_BYTES + DAY_BYTES + MAC_BYTES;
const SEPARATOR: char = '.';

/// Recognises browsers.
pub struct KnownBrowsers {
    key: [u8; 32],
}

/// What the cookie has for one user.
#[derive(Clone, Copy)]
struct Part([u8; PART_BYTES]);

/// Why browsers cannot be recognised.
#[derive(Debug, thiserror::Error)]
pub enum OpenKeyError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No randomness for the key.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The stored key does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl KnownBrowsers {
    /// With the key of the database, which all replicas share. The first start makes it.
    ///
    /// # Errors
    /// When there is no key.
    pub async fn open(
        storage: &Database,
        seal: &Seal,
        random: &dyn Randomness,
    ) -> Result<Self, OpenKeyError> {
        let purpose = Purpose::KnownBrowsers;
        let new = seal.seal(purpose, &random.bytes::<32>()?)?;
        let stored = storage.known_browser_key(&new).await?;
        let secret = seal.open(purpose, &stored)?;
        Ok(Self {
            key: hmac_sha256::Hash::hash(&secret),
        })
    }

    /// The id of the browser with these cookies, if the user signed in there within a year.
    pub fn recognise(
        &self,
        headers: &HeaderMap,
        user_id: &str,
        now: UnixSeconds,
    ) -> Option<String> {
        parts(headers)
            .find(|part| self.is_of(part, user_id, now))
            .map(|part| base64url::encode(part.id()))
    }

    /// The `set-cookie` after a sign-in. The browser keeps its id, and what it shows for others.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn cookie(
        &self,
        headers: &HeaderMap,
        user_id: &str,
        random: &dyn Randomness,
        now: UnixSeconds,
    ) -> Result<Option<HeaderValue>, NoRandomness> {
        let (own, others): (Vec<Part>, Vec<Part>) =
            parts(headers).partition(|part| self.is_of(part, user_id, now));
        let id = match own.first() {
            Some(part) => part.id().try_into().unwrap_or_default(),
            None => random.bytes::<ID_BYTES>()?,
        };
        let part = self.part(id, day(now), user_id);
        let all = std::iter::once(part).chain(others).take(MOST_USERS);
        let texts: Vec<String> = all.map(|part| base64url::encode(&part.0)).collect();
        let value = texts.join(&SEPARATOR.to_string());
        Ok(cookies::set(cookies::KNOWN_BROWSER, &value, LIFE))
    }

    fn part(&self, id: [u8; ID_BYTES], day: [u8; DAY_BYTES], user_id: &str) -> Part {
        let mut mac = HMAC::new(self.key);
        mac.update(LABEL);
        mac.update(id);
        mac.update(day);
        mac.update(user_id.as_bytes());
        let mut part = [0; PART_BYTES];
        let bytes = id.into_iter().chain(day).chain(mac.finalize());
        for (place, byte) in part.iter_mut().zip(bytes) {
            *place = byte;
        }
        Part(part)
    }

    fn is_of(&self, part: &Part, user_id: &str, now: UnixSeconds) -> bool {
        let (Ok(id), Ok(day)) = (part.id().try_into(), part.day().try_into()) else {
            return false;
        };
        let good = self.part(id, day, user_id);
        let since = UnixSeconds::new(u64::from(u32::from_be_bytes(day)) * DAY_SECONDS);
        let genuine: bool = part.0.ct_eq(&good.0).into();
        genuine && now.duration_since(since) < LIFE
    }
}

impl Part {
    fn id(&self) -> &[u8] {
        self.0.get(..ID_BYTES).unwrap_or_default()
    }

    fn day(&self) -> &[u8] {
        self.0
            .get(ID_BYTES..ID_BYTES + DAY_BYTES)
            .unwrap_or_default()
    }
}

/// The parts of the cookie. What has another shape is passed over.
fn parts(headers: &HeaderMap) -> impl Iterator<Item = Part> {
    cookies::values(headers, cookies::KNOWN_BROWSER)
        .flat_map(|value| value.split(SEPARATOR).take(MOST_USERS))
        .filter_map(|text| base64url::decode(text.as_bytes())?.try_into().ok())
        .map(Part)
}

fn day(now: UnixSeconds) -> [u8; DAY_BYTES] {
    u32::try_from(now.get() / DAY_SECONDS)
        .unwrap_or(u32::MAX)
        .to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);
    const DAY: Duration = Duration::from_secs(DAY_SECONDS);

    fn browsers(byte: u8) -> KnownBrowsers {
        KnownBrowsers { key: [byte; 32] }
    }

    /// The browser's cookies after this user has signed in.
    fn after(headers: &HeaderMap, user_id: &str) -> HeaderMap {
        let set = browsers(1).cookie(headers, user_id, &SystemRandomness, NOW);
        let set = set.unwrap().unwrap();
        let set = set.to_str().unwrap();
        assert!(set.contains("Max-Age=31536000"), "{set}");
        let pair = set.split(';').next().unwrap();
        assert!(pair.len() < 400 && !pair.contains(user_id), "{pair}");
        let mut headers = HeaderMap::new();
        headers.insert("cookie", pair.parse().unwrap());
        headers
    }

    #[test]
    fn a_browser_is_known_for_the_user_who_signed_in_there_alone() {
        let headers = after(&HeaderMap::new(), "ana");
        let id = browsers(1).recognise(&headers, "ana", NOW).unwrap();
        assert_eq!(browsers(1).recognise(&headers, "bob", NOW), None);
        assert_eq!(browsers(2).recognise(&headers, "ana", NOW), None);
        assert_eq!(browsers(1).recognise(&headers, "ana", NOW + LIFE), None);
        let late = NOW + LIFE - DAY;
        assert_eq!(
            browsers(1).recognise(&headers, "ana", late),
            Some(id.clone())
        );
        let again = after(&headers, "ana");
        assert_eq!(browsers(1).recognise(&again, "ana", NOW), Some(id));
    }

    #[test]
    fn the_last_few_users_of_one_browser_are_known() {
        let mut headers = HeaderMap::new();
        for user in ["ana", "bob", "cyd", "dan", "eva"] {
            headers = after(&headers, user);
        }
        let known = |user| browsers(1).recognise(&headers, user, NOW).is_some();
        assert_eq!(["ana", "bob", "eva"].map(known), [false, true, true]);
    }

    #[test]
    fn what_is_altered_or_made_up_is_not_known() {
        let headers = after(&HeaderMap::new(), "ana");
        let cookie = headers["cookie"].to_str().unwrap();
        let (name, value) = cookie.split_once('=').unwrap();
        let mut bytes = base64url::decode(value.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let mut altered = HeaderMap::new();
            let text = format!("{name}={}", base64url::encode(&bytes));
            altered.insert("cookie", text.parse().unwrap());
            assert_eq!(browsers(1).recognise(&altered, "ana", NOW), None);
            bytes[at] ^= 1;
        }
        for value in ["", ".", "....", "AAAA", "é"] {
            let mut other = HeaderMap::new();
            let text = format!("{name}={value}");
            other.insert("cookie", HeaderValue::from_bytes(text.as_bytes()).unwrap());
            assert_eq!(browsers(1).recognise(&other, "ana", NOW), None);
        }
    }
}
