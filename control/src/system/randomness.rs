//! Randomness, as an argument, and ids, secrets, audiences and passwords made of it.

use std::fmt::Write as _;

use portcullis::protocol::base64url;

/// A source of unpredictable bytes.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the source fails. Nothing may then be issued.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness;

/// The operating system's source.
#[derive(Debug, Clone, Copy)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
        getrandom::fill(bytes).map_err(|_| NoRandomness)
    }
}

impl dyn Randomness {
    /// `N` bytes.
    ///
    /// # Errors
    /// As [`Randomness::fill`].
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// An id: 128 bits in base64url, 22 characters.
    ///
    /// # Errors
    /// As [`Randomness::fill`].
    pub fn id(&self) -> Result<String, NoRandomness> {
        Ok(base64url::encode(&self.bytes::<16>()?))
    }

    /// A secret: 256 bits in base64url, 43 characters.
    ///
    /// # Errors
    /// As [`Randomness::fill`].
    pub fn secret(&self) -> Result<String, NoRandomness> {
        Ok(base64url::encode(&self.bytes::<32>()?))
    }

    /// An application's audience: 256 bits in 64 hex digits.
    ///
    /// # Errors
    /// As [`Randomness::fill`].
    pub fn audience(&self) -> Result<String, NoRandomness> {
        self.hex::<32>()
    }

    /// So many bytes in hex digits.
    ///
    /// # Errors
    /// As [`Randomness::fill`].
    pub fn hex<const N: usize>(&self) -> Result<String, NoRandomness> {
        let mut text = String::with_capacity(2 * N);
        for byte in self.bytes::<N>()? {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(text)
    }

    /// A password for a person: 100 bits in four groups, without characters that look alike.
    ///
    /// # Errors
    /// As [`Randomness::fill`].
    pub fn password(&self) -> Result<String, NoRandomness> {
        // 32 characters, so that each is equally likely for a random byte.
        const ALPHABET: [char; 32] = [
            'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's',
            't', 'u', 'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9',
        ];
        let characters = self.bytes::<20>()?.map(|byte| {
            ALPHABET
                .get(usize::from(byte) % ALPHABET.len())
                .copied()
                .unwrap_or('a')
        });
        let groups: Vec<String> = characters.chunks(5).map(|g| g.iter().collect()).collect();
        Ok(groups.join("-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let random: &dyn Randomness = &SystemRandomness;
        assert_eq!(random.id().unwrap().len(), 22);
        assert_eq!(random.secret().unwrap().len(), 43);
        assert_eq!(random.audience().unwrap().len(), 64);
        assert_eq!(random.password().unwrap().len(), 23);
        assert_ne!(random.id().unwrap(), random.id().unwrap());
    }
}
