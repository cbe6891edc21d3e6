//! Where an application is reached: at one origin, or at those of all hostnames one label below a
//! domain.
//!
//! `https://*.preview.example.com` stands for `https://a.preview.example.com`, and neither for
//! `https://preview.example.com` nor for `https://x.a.preview.example.com`, as in certificates
//! (RFC 6125, section 6.4.3). The `*` is a whole label: `a*.example.com` is refused.

use std::fmt;
use std::str::FromStr;

use super::origin::{Origin, OriginError};

/// An origin, or a wildcard for the origins of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OriginPattern {
    /// The origin; of a wildcard, that of the domain.
    origin: Origin,
    /// As written, with the wildcard.
    hostname: String,
}

/// Why a text is neither an origin nor a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternError {
    /// It is no origin.
    Origin(OriginError),
    /// A `*` that is not the whole first label.
    Label,
    /// A domain of one label, below which are the hostnames of others.
    Domain,
    /// An address, below which there are no hostnames.
    Address,
}

impl OriginPattern {
    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.origin.is_https()
    }

    /// The hostname as written: lower-case, and with the wildcard.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// The port, also if the text omits it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.origin.port()
    }

    /// The only origin; `None` for a wildcard.
    #[must_use]
    pub fn exact(&self) -> Option<&Origin> {
        self.domain().is_none().then_some(&self.origin)
    }

    /// The domain of a wildcard.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.hostname.strip_prefix(WILDCARD)
    }

    /// Whether it stands for an origin.
    #[must_use]
    pub fn matches(&self, origin: &Origin) -> bool {
        self.at(origin.hostname()).as_ref() == Some(origin)
    }

    /// The origin with this hostname, if it stands for one.
    #[must_use]
    pub fn at(&self, hostname: &str) -> Option<Origin> {
        match self.domain() {
            Some(domain) => (domain_above(hostname) == Some(domain))
                .then(|| self.origin.with_hostname(hostname))
                .flatten(),
            None => (self.hostname == hostname).then(|| self.origin.clone()),
        }
    }
}

/// The domain of the wildcard that stands for a hostname: what follows its first label.
#[must_use]
pub fn domain_above(hostname: &str) -> Option<&str> {
    let (label, domain) = hostname.split_once('.')?;
    (!label.is_empty()).then_some(domain)
}

impl FromStr for OriginPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or(PatternError::Origin(OriginError::Scheme))?;
        let (wildcard, rest) = match rest.strip_prefix(WILDCARD) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let origin: Origin = format!("{scheme}://{rest}")
            .parse()
            .map_err(|error| match error {
                OriginError::Hostname if rest.contains('*') => PatternError::Label,
                error => PatternError::Origin(error),
            })?;
        let hostname = if wildcard {
            check_domain(origin.hostname())?;
            format!("{WILDCARD}{}", origin.hostname())
        } else {
            origin.hostname().to_owned()
        };
        Ok(Self { origin, hostname })
    }
}

/// Whether hostnames below a domain can be those of one application.
fn check_domain(domain: &str) -> Result<(), PatternError> {
    let last = domain.rsplit('.').next().unwrap_or_default();
    // What browsers read as an address (URL Standard, "ends-in-a-number checker").
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_number {
        Err(PatternError::Address)
    } else if domain.contains('.') || domain == LOCALHOST {
        Ok(())
    } else {
        Err(PatternError::Domain)
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.origin.to_string();
        match (self.domain(), origin.split_once("://")) {
            (Some(_), Some((scheme, rest))) => write!(f, "{scheme}://{WILDCARD}{rest}"),
            _ => f.write_str(&origin),
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(error) => error.fmt(f),
            Self::Label => f.write_str(
                "may have `*` only as the whole first label, as in https://*.preview.example.com",
            ),
            Self::Domain => f.write_str(
                "needs at least two labels after `*.`, because the hostnames below one label \
                 belong to others; only *.localhost is allowed",
            ),
            Self::Address => {
                f.write_str("has a wildcard before an address, which has no hostnames")
            }
        }
    }
}

impl std::error::Error for PatternError {}

const WILDCARD: &str = "*.";
/// RFC 6761, section 6.3: all hostnames below it are this machine.
const LOCALHOST: &str = "localhost";

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> OriginPattern {
        text.parse().unwrap()
    }

    #[test]
    fn canonical_text_round_trips() {
        for (text, canonical) in [
            ("https://wiki.example.com", "https://wiki.example.com"),
            ("https://*.example.com:443", "https://*.example.com"),
            ("https://*.example.com:8443", "https://*.example.com:8443"),
            ("http://*.localhost:8080", "http://*.localhost:8080"),
            (
                "https://*.xn--bcher-kva.example",
                "https://*.xn--bcher-kva.example",
            ),
        ] {
            assert_eq!(pattern(text).to_string(), canonical);
            assert_eq!(pattern(canonical), pattern(text));
        }
        assert_eq!(pattern("https://*.example.com").hostname(), "*.example.com");
        assert_eq!(pattern("https://a.example.com").domain(), None);
    }

    #[test]
    fn a_wildcard_is_one_whole_label_below_a_domain_of_ones_own() {
        for (text, error) in [
            ("https://*", PatternError::Label),
            ("https://a*.example.com", PatternError::Label),
            ("https://*a.example.com", PatternError::Label),
            ("https://**.example.com", PatternError::Label),
            ("https://a.*.example.com", PatternError::Label),
            ("https://*.*.example.com", PatternError::Label),
            ("https://*.example.com.*", PatternError::Label),
            ("https://xn--*.example.com", PatternError::Label),
            ("https://*.com", PatternError::Domain),
            ("https://*.localhosts", PatternError::Domain),
            ("https://*.0.0.1", PatternError::Address),
            ("https://*.127", PatternError::Address),
            ("https://*.example.0x7f", PatternError::Address),
            ("https://*.example.0x", PatternError::Address),
            ("https://*.", PatternError::Origin(OriginError::Hostname)),
            (
                "https://*..com",
                PatternError::Origin(OriginError::Hostname),
            ),
            (
                "https://*.Example.com",
                PatternError::Origin(OriginError::Hostname),
            ),
            (
                "https://*.example.com.",
                PatternError::Origin(OriginError::Hostname),
            ),
            (
                "https://*.example.com/",
                PatternError::Origin(OriginError::Trailing),
            ),
            (
                "https://*.example.com:0",
                PatternError::Origin(OriginError::Port),
            ),
            ("*.example.com", PatternError::Origin(OriginError::Scheme)),
        ] {
            assert_eq!(text.parse::<OriginPattern>(), Err(error), "{text}");
        }
    }

    #[test]
    fn it_stands_for_hostnames_one_label_below() {
        let wildcard = pattern("https://*.preview.example.com:8443");
        for hostname in ["a", "a-b", "a_b", "xn--bcher-kva", "0", "127"] {
            let hostname = format!("{hostname}.preview.example.com");
            let origin: Origin = format!("https://{hostname}:8443").parse().unwrap();
            assert_eq!(wildcard.at(&hostname), Some(origin.clone()));
            assert!(wildcard.matches(&origin), "{hostname}");
        }
        let long = format!("{}.preview.example.com", "a".repeat(64));
        for hostname in [
            "preview.example.com",
            ".preview.example.com",
            "x.y.preview.example.com",
            "a.b.example.com",
            "apreview.example.com",
            "a.preview.example.com.evil.example",
            "a.preview.example.com.",
            "A.preview.example.com",
            "*.preview.example.com",
            "a b.preview.example.com",
            "a?.preview.example.com",
            "127.0.0.1",
            "",
            &long,
        ] {
            assert_eq!(wildcard.at(hostname), None, "{hostname}");
        }
        for other in [
            "http://a.preview.example.com:8443",
            "https://a.preview.example.com",
            "https://preview.example.com:8443",
        ] {
            assert!(!wildcard.matches(&other.parse().unwrap()), "{other}");
        }
    }

    #[test]
    fn an_exact_name_stands_for_itself() {
        let exact = pattern("https://a.preview.example.com");
        assert!(exact.matches(&"https://a.preview.example.com".parse().unwrap()));
        assert!(!exact.matches(&"https://b.preview.example.com".parse().unwrap()));
        assert_eq!(exact.at("b.preview.example.com"), None);
    }

    /// Filters from before wildcards read hostnames in this way, and reject what they cannot read.
    #[test]
    fn a_wildcard_is_no_origin() {
        let read = "https://*.preview.example.com".parse::<Origin>();
        assert_eq!(read, Err(OriginError::Hostname));
    }
}
