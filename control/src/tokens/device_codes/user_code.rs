//! User codes: `WDJB-MJHT`.
//!
//! Eight of twenty letters are 34 bits (RFC 8628, section 6.1). That is enough: a code lives for ten
//! minutes, wrong codes are limited, and a guessed code only lets the guesser give away a token of
//! their own. For the same reason it does not matter that the stored hash can be searched.

use std::fmt;

use crate::system::randomness::{NoRandomness, Randomness};
use crate::tokens::secret::{Hashed, Plain};

/// Consonants, which make no words and do not look like digits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;
/// Greater bytes are drawn again; otherwise some letters would be more frequent.
const EVEN: u8 = 240;
const LONGEST_TYPED: usize = 64;

/// A user code, in one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A new one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(random: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut letters = String::with_capacity(LENGTH);
        while letters.len() < LENGTH {
            let drawn = random.bytes::<LENGTH>()?;
            let even = drawn.into_iter().filter(|byte| *byte < EVEN);
            let chosen = even.filter_map(|byte| LETTERS.get(usize::from(byte) % LETTERS.len()));
            letters.extend(chosen.take(LENGTH - letters.len()).map(|b| char::from(*b)));
        }
        Ok(Self(letters))
    }

    /// The code that a user typed, in any case and with anything between the letters; `None` if it
    /// cannot be a code.
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TYPED {
            return None;
        }
        let letters: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        let known = letters.bytes().all(|letter| LETTERS.contains(&letter));
        (letters.len() == LENGTH && known).then_some(Self(letters))
    }

    /// What is stored of it.
    pub fn hashed(&self) -> Hashed {
        Plain::new(format!("user code {}", self.0)).hashed()
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::randomness::SystemRandomness;

    #[test]
    fn a_code_is_read_back_as_people_type_it() {
        let code = UserCode::make(&SystemRandomness).unwrap();
        let shown = code.to_string();
        assert_eq!(shown.len(), 9);
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            format!(" {} ", shown.replace('-', " ")),
        ] {
            assert_eq!(UserCode::typed(&typed), Some(code.clone()), "{typed:?}");
        }
        assert_ne!(code, UserCode::make(&SystemRandomness).unwrap());
    }

    #[test]
    fn other_texts_are_not_codes() {
        for text in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "BCDF-GHJA",
            "BCDF-GHJ1",
            "ßßßß-ßßßß",
        ] {
            assert_eq!(UserCode::typed(text), None, "{text}");
        }
        assert_eq!(UserCode::typed(&"-".repeat(100)), None);
    }
}
