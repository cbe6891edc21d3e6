//! Why the command line gets no token.

use std::path::PathBuf;

use super::certificate::CertificateFault;

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
    /// The team domain shows a certificate that is not valid for it.
    #[error("the certificate of {team_domain} {fault}")]
    Certificate {
        /// The team domain.
        team_domain: String,
        /// What is wrong with it, and what to do.
        fault: CertificateFault,
    },
    /// The team domain does not answer.
    #[error("{team_domain} does not answer: {reason}\nIs this the team domain?")]
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

impl TokenError {
    /// The reason, for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AuthorityFile { .. } | Self::NoCertificate(_) => "ca_file_invalid",
            Self::Certificate { fault, .. } => fault.reason(),
            Self::Unreachable { .. } => "no_answer",
            Self::NotATeamDomain(_) => "not_a_team_domain",
            Self::Refused(_) => "refused",
            Self::Expired => "code_expired",
        }
    }
}
