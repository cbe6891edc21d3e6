//! What is wrong with a server's certificate, in words that say what to do.

use std::error::Error;
use std::fmt;
use std::io;

use portcullis::time::UnixSeconds;
use rustls::CertificateError;

use crate::words::time;

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateFault {
    /// No trusted authority has signed it.
    Untrusted,
    /// It is an authority's own certificate.
    OfAuthority,
    /// It has expired.
    Expired {
        /// When, if known.
        at: Option<UnixSeconds>,
    },
    /// It is not valid yet.
    NotYetValid,
    /// It is for other names.
    OtherName {
        /// The names that it is for, if known.
        names: Vec<String>,
    },
    /// Anything else.
    Other(String),
}

impl CertificateFault {
    /// What is wrong with the certificate, if that is why a call failed.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(rustls::Error::InvalidCertificate(fault)) = error.downcast_ref() {
                return Some(Self::from(fault));
            }
            // The source of an I/O error is the source of the error in it.
            let inner = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            cause = match inner {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    /// The reason, for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Untrusted => "certificate_untrusted",
            Self::Expired { .. } => "certificate_expired",
            Self::NotYetValid => "certificate_not_yet_valid",
            Self::OtherName { .. } => "certificate_for_other_name",
            Self::OfAuthority | Self::Other(_) => "certificate_invalid",
        }
    }
}

impl From<&CertificateError> for CertificateFault {
    fn from(error: &CertificateError) -> Self {
        match error {
            // The signature does not match when an authority was made anew under the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
            CertificateError::Expired => Self::Expired { at: None },
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired {
                at: Some(UnixSeconds::new(not_after.as_secs())),
            },
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName => Self::OtherName { names: Vec::new() },
            CertificateError::NotValidForNameContext { presented, .. } => Self::OtherName {
                names: presented.iter().map(|name| plain(name)).collect(),
            },
            // rustls has no variant for it.
            error if error.to_string().contains("CaUsedAsEndEntity") => Self::OfAuthority,
            error => Self::Other(error.to_string()),
        }
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrusted => f.write_str(
                "is not signed by a certificate authority that is trusted here.\nIf the team domain \
                 has an authority of its own, name that authority's certificate with --ca-file.",
            ),
            Self::OfAuthority => f.write_str(
                "is a certificate authority's own. The server must show a certificate that this \
                 authority has signed for it.",
            ),
            Self::Expired { at } => {
                f.write_str("has expired")?;
                if let Some(at) = at {
                    write!(f, " at {}", time(*at))?;
                }
                f.write_str(": renew it, or set this machine's clock.")
            }
            Self::NotYetValid => f.write_str("is not valid yet: is this machine's clock right?"),
            Self::OtherName { names } if names.is_empty() => f.write_str("is for another name."),
            Self::OtherName { names } => write!(f, "is only for {}.", names.join(", ")),
            Self::Other(error) => write!(f, "is not valid: {error}."),
        }
    }
}

/// A name as rustls shows it, `DnsName("wiki.example.com")`, without what surrounds it. Control
/// characters could be commands to the terminal.
fn plain(shown: &str) -> String {
    let inner = shown.split_once('"').map_or(shown, |(_, rest)| rest);
    let inner = inner.split_once('"').map_or(inner, |(name, _)| name);
    inner.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_found_in_an_io_error() {
        let fault = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, fault));
        let found = CertificateFault::of(&wrapped);
        assert_eq!(found, Some(CertificateFault::Untrusted));
        assert_eq!(CertificateFault::of(&io::Error::other("refused")), None);
    }

    #[test]
    fn names_are_plain() {
        assert_eq!(plain("DnsName(\"wiki.example.com\")"), "wiki.example.com");
        assert_eq!(plain("wiki\u{1b}.example.com"), "wiki.example.com");
    }
}
