//! Why a service token gets no application token.

use portcullis::protocol::service_token::MalformedPair;

/// Why a pair gets no application token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotGood {
    /// It has not the form of a pair: it was mistyped or cut.
    Malformed(MalformedPair),
    /// No service token has the id.
    Unknown,
    /// The secret is another one, or was replaced and its time is over.
    WrongSecret,
    /// It is disabled.
    Disabled,
    /// It has expired.
    Expired,
    /// The application's policy does not admit it.
    NotAdmitted,
}

impl NotGood {
    /// One of each kind, for the metrics.
    pub const ALL: [Self; 6] = [
        Self::Malformed(MalformedPair::Secret),
        Self::Unknown,
        Self::WrongSecret,
        Self::Disabled,
        Self::Expired,
        Self::NotAdmitted,
    ];

    /// For the log and the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unknown => "unknown",
            Self::WrongSecret => "wrong_secret",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::NotAdmitted => "not_admitted",
        }
    }
}
