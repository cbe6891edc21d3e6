//! Why the command line gets no token.

use std::path::PathBuf;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file of certificate authorities cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    AuthorityFile {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The team domain does not answer, or its certificate is not trusted.
    #[error(
        "{team_domain} does not answer: {reason}\nIs this the team domain? If it has a private certificate authority, use --ca-file."
    )]
    Unreachable {
        /// The team domain.
        team_domain: String,
        /// All causes, the root cause last.
        reason: String,
    },
    /// It does not answer like a team domain.
    #[error("{0} answers, but not like a team domain of Portcullis")]
    NotATeamDomain(String),
    /// The service refused, with this text.
    #[error("{0}")]
    Refused(String),
    /// The code was not confirmed in time.
    #[error("the code was not confirmed in time; run the command again")]
    Expired,
}
