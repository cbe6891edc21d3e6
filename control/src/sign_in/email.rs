//! E-mail addresses: one spelling for one person.
//!
//! The same address can be written in many ways: in upper case, with a composed or a decomposed
//! `ö`, with a domain in Unicode or in its ASCII form. [`Address::normal`] is the same for all of
//! them. It is what is compared and must be unique; [`Address::shown`] is what people read.
//!
//! - **Domain**: by UTS 46 (non-transitional) to its ASCII form, and to Unicode for display.
//! - **Part before the `@`**: NFC and lower case by Unicode, and a final sigma equals any other.
//!   `ß` and `ss` stay different. RFC 5321, section 2.4, lets the case matter, but in practice no
//!   two users differ only in case.
//! - **Refused**: control, format and other invisible characters, compatibility characters, of which
//!   NFKC makes other letters, and marks without a letter or with one that shows the same already.
//!   Nobody could tell such an address from another one.

pub mod characters;
mod domain;

use std::fmt;

use characters::{composed, hidden_mark, is_compatible, is_invisible};
pub use domain::Domain;

/// RFC 5321, section 4.5.3.1.3: a path of 256 bytes has two for the brackets.
const MAX_BYTES: usize = 254;
/// RFC 5321, section 4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;
/// Longer texts are not looked at.
const MAX_INPUT_BYTES: usize = 1024;

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    normal: String,
    shown: String,
}

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// It has not the form of one.
    Form,
    /// It has a character that cannot be seen.
    Invisible(char),
    /// It has a character that looks like another one.
    Compatibility(char),
    /// It has a mark that cannot be seen on its letter, or has no letter.
    Mark(char),
    /// It is too long once it is in lower case.
    TooLong,
    /// What follows the `@` is no domain.
    Domain,
}

impl Address {
    /// An address in any spelling.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(AddressError::TooLong);
        }
        if let Some(invisible) = text.chars().find(|c| is_invisible(*c)) {
            return Err(AddressError::Invisible(invisible));
        }
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Form)?;
        let local = composed(local);
        if local.is_empty() || local.chars().any(|c| "@,;<>()\"\\ ".contains(c)) {
            return Err(AddressError::Form);
        }
        if let Some(compatible) = local.chars().find(|c| is_compatible(*c)) {
            return Err(AddressError::Compatibility(compatible));
        }
        let local = composed(&local.to_lowercase());
        let domain = Domain::parse(domain).ok_or(AddressError::Domain)?;
        if let Some(mark) = hidden_mark(&local).or_else(|| hidden_mark(&domain.shown)) {
            return Err(AddressError::Mark(mark));
        }
        let normal = format!("{}@{}", local.replace('ς', "σ"), domain.ascii);
        let shown = format!("{local}@{}", domain.shown);
        if local.len() > MAX_LOCAL_BYTES || normal.len().max(shown.len()) > MAX_BYTES {
            return Err(AddressError::TooLong);
        }
        Ok(Self { normal, shown })
    }

    /// The same text for every spelling of the address.
    #[must_use]
    pub fn normal(&self) -> &str {
        &self.normal
    }

    /// The address as people read it: in lower case, with its domain in Unicode.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The domain as it is compared.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.normal
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
}

/// What a text that may be an address is compared by: that of no address equals no address.
#[must_use]
pub fn normal_or_text(text: &str) -> String {
    Address::parse(text).map_or_else(|_| text.to_lowercase(), |address| address.normal)
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("is not an e-mail address"),
            Self::Invisible(c) => write!(
                f,
                "has an invisible character (U+{:04X}); type the address again, without it",
                u32::from(*c)
            ),
            Self::Compatibility(c) => write!(
                f,
                "has a character that looks like another one (U+{:04X}); type the plain letter",
                u32::from(*c)
            ),
            Self::Mark(c) => write!(
                f,
                "has a combining mark that cannot be seen there (U+{:04X}); type the address again, \
                 without it",
                u32::from(*c)
            ),
            Self::TooLong => write!(
                f,
                "is too long: at most {MAX_LOCAL_BYTES} bytes before the '@' and {MAX_BYTES} bytes \
                 in all, in lower case"
            ),
            Self::Domain => f.write_str("has no valid domain after the '@'"),
        }
    }
}

#[cfg(test)]
mod tests;
