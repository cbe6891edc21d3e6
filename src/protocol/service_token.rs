//! Service tokens: the client id and the secret by which a program shows who it is.
//!
//! A client id is `<22 base64url>.service`. A secret is `pcs_`, 43 characters of base64url and a
//! checksum of six: a scanner for leaked secrets recognises it, and a typing error is told from a
//! wrong secret without asking anyone.

use std::time::Duration;

use super::base64url;

/// Header of the client id.
pub const CLIENT_ID_HEADER: &str = "x-access-client-id";
/// Header of the secret.
pub const CLIENT_SECRET_HEADER: &str = "x-access-client-secret";

/// The longest life of an application token that a service token gets.
pub const LONGEST_TOKEN: Duration = Duration::from_secs(15 * 60);

/// What follows the id in a client id.
const ID_SUFFIX: &str = ".service";
/// How a secret begins.
const SECRET_PREFIX: &str = "pcs_";
/// How `sub` begins in a service token's application tokens. No user's id has a colon.
const SUBJECT_PREFIX: &str = "service:";
/// Bytes in an id.
const ID_BYTES: usize = 16;
/// Bytes in a secret, without prefix and checksum.
const SECRET_BYTES: usize = 32;
/// Digits in a checksum: 62⁶ is more than 2³².
const CHECKSUM_DIGITS: usize = 6;
/// The digits of base62, in the order of their values.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A client id and a secret, each of the right form. Whether they belong together is not known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientPair<'a> {
    id: &'a str,
    secret: &'a str,
}

/// What is wrong with the form of a client id or a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedPair {
    /// The client id.
    ClientId,
    /// The secret's prefix, length or characters.
    Secret,
    /// The secret's checksum: it was mistyped or cut.
    Checksum,
}

impl<'a> ClientPair<'a> {
    /// Checks the forms.
    ///
    /// # Errors
    /// The first part that is wrong.
    pub fn parse(client_id: &'a [u8], secret: &'a [u8]) -> Result<Self, MalformedPair> {
        let id = id_of(client_id).ok_or(MalformedPair::ClientId)?;
        let text = std::str::from_utf8(secret).map_err(|_| MalformedPair::Secret)?;
        let body = text
            .strip_prefix(SECRET_PREFIX)
            .ok_or(MalformedPair::Secret)?;
        let split = body.len().checked_sub(CHECKSUM_DIGITS);
        let (random, digits) = split
            .and_then(|at| body.split_at_checked(at))
            .ok_or(MalformedPair::Secret)?;
        if !encodes(random.as_bytes(), SECRET_BYTES) {
            return Err(MalformedPair::Secret);
        }
        if digits != checksum(random) {
            return Err(MalformedPair::Checksum);
        }
        Ok(Self { id, secret: text })
    }

    /// The service token's id: the client id without its suffix.
    #[must_use]
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> String {
        client_id(self.id)
    }

    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &'a str {
        self.secret
    }
}

/// Shows no secret.
impl std::fmt::Debug for ClientPair<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientPair")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The client id of the service token with an id.
#[must_use]
pub fn client_id(id: &str) -> String {
    format!("{id}{ID_SUFFIX}")
}

/// The id in a client id; `None` for any other text.
#[must_use]
pub fn id_of(client_id: &[u8]) -> Option<&str> {
    let id = client_id.strip_suffix(ID_SUFFIX.as_bytes())?;
    let id = encodes(id, ID_BYTES).then_some(id)?;
    std::str::from_utf8(id).ok()
}

/// A secret of 32 random bytes.
#[must_use]
pub fn secret(random: &[u8; SECRET_BYTES]) -> String {
    let random = base64url::encode(random);
    let checksum = checksum(&random);
    format!("{SECRET_PREFIX}{random}{checksum}")
}

/// `sub` and `sid` of a service token's application tokens.
#[must_use]
pub fn subject(id: &str) -> String {
    format!("{SUBJECT_PREFIX}{id}")
}

/// Whether `sub` names a service token.
#[must_use]
pub fn is_subject(sub: &str) -> bool {
    sub.starts_with(SUBJECT_PREFIX)
}

fn encodes(text: &[u8], bytes: usize) -> bool {
    base64url::decode(text).is_some_and(|decoded| decoded.len() == bytes)
}

/// The CRC-32 of the characters, in six digits of base62, the highest first.
fn checksum(random: &str) -> String {
    let mut rest = u64::from(crc32(random.as_bytes()));
    let mut digits = [b'0'; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        let value = usize::try_from(rest % 62).unwrap_or_default();
        *digit = BASE62.get(value).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.map(char::from).iter().collect()
}

/// CRC-32/ISO-HDLC, bit by bit: 43 characters need no table.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let shifted = |crc: u32, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
    let of_byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), shifted);
    !bytes.iter().fold(!0, of_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "AAECAwQFBgcICQoLDA0ODw.service";

    fn good() -> String {
        secret(&[7; SECRET_BYTES])
    }

    fn parse<'a>(client_id: &'a str, secret: &'a str) -> Result<ClientPair<'a>, MalformedPair> {
        ClientPair::parse(client_id.as_bytes(), secret.as_bytes())
    }

    /// Pinned: a changed form would make every service token malformed.
    #[test]
    fn the_forms_are_fixed() {
        assert_eq!(
            crc32(b"123456789"),
            0xcbf4_3926,
            "the check value of the CRC"
        );
        assert_eq!(
            good(),
            "pcs_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc3v5YxG"
        );
        assert_eq!(good().len(), 4 + 43 + 6);
        let secret = good();
        let pair = parse(ID, &secret).unwrap();
        assert_eq!(pair.id(), "AAECAwQFBgcICQoLDA0ODw");
        assert_eq!((pair.client_id(), pair.secret()), (ID.to_owned(), &*secret));
        assert_eq!(subject(pair.id()), "service:AAECAwQFBgcICQoLDA0ODw");
        assert!(!format!("{pair:?}").contains("BwcH"));
    }

    #[test]
    fn every_typing_error_is_noticed() {
        let good = good();
        for at in 4..good.len() {
            for other in "09AZaz-_".chars() {
                let mut typed = good.clone();
                typed.replace_range(at..=at, &other.to_string());
                if typed != good {
                    // The last character of the random part has two bits to spare.
                    assert!(parse(ID, &typed).is_err(), "{typed}");
                }
            }
            let mut swapped: Vec<u8> = good.clone().into_bytes();
            swapped.swap(at - 1, at);
            let swapped = String::from_utf8(swapped).unwrap();
            assert!(swapped == good || parse(ID, &swapped).is_err(), "{swapped}");
            assert!(parse(ID, &good[..at]).is_err());
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        let good = good();
        for client_id in [
            "",
            ".service",
            "AAECAwQFBgcICQoLDA0ODw",
            "AAECAwQFBgcICQoLDA0ODw.services",
            "AAECAwQFBgcICQoLDA0ODx.service",
            "AAECAwQFBgcICQoLDA0OD.service",
            "AAECAwQFBgcICQoLDA0ODw==.service",
            " AAECAwQFBgcICQoLDA0ODw.service",
            "ci",
        ] {
            let refused = parse(client_id, &good);
            assert_eq!(refused, Err(MalformedPair::ClientId), "{client_id}");
        }
        let upper = good.replace("pcs_", "PCS_");
        let spaced = format!("{good} ");
        for secret in ["", "pcs_", "pcs_é", &good[4..], &upper, &spaced] {
            assert_eq!(parse(ID, secret), Err(MalformedPair::Secret), "{secret}");
        }
        let one = if good.ends_with('0') { "1" } else { "0" };
        let typo = format!("{}{one}", &good[..good.len() - 1]);
        assert_eq!(parse(ID, &typo), Err(MalformedPair::Checksum));
        assert_eq!(
            ClientPair::parse(ID.as_bytes(), b"pcs_\xff"),
            Err(MalformedPair::Secret)
        );
    }

    #[test]
    fn a_users_id_is_no_service() {
        assert!(is_subject("service:x"));
        for user in ["AAECAwQFBgcICQoLDA0ODw", "services", "", "Service:x"] {
            assert!(!is_subject(user), "{user}");
        }
    }
}
