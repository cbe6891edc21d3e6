//! Domains of e-mail addresses (UTS 46).

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::characters::is_invisible;

/// What follows the `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// In ASCII, lower case: what is compared.
    pub ascii: String,
    /// In Unicode: what people read.
    pub shown: String,
}

impl Domain {
    /// A domain in any spelling; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(is_invisible) {
            return None;
        }
        let uts46 = Uts46::new();
        let ascii = uts46
            .to_ascii(
                text.as_bytes(),
                AsciiDenyList::URL,
                Hyphens::Allow,
                DnsLength::Verify,
            )
            .map(Cow::into_owned)
            .ok()?;
        let (shown, valid) = uts46.to_unicode(ascii.as_bytes(), AsciiDenyList::URL, Hyphens::Allow);
        let is_domain = ascii.split('.').all(is_label) && valid.is_ok();
        is_domain.then(|| Self {
            shown: shown.into_owned(),
            ascii: ascii.clone(),
        })
    }
}

/// `_` is in no host's name, but in some domains of mail within a company.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
