//! A certificate authority for this machine, and a certificate of it for all hostnames.
//!
//! The authority is kept in its directory, so that browsers have to trust it once only. It is
//! constrained to `localhost` (RFC 5280, section 4.2.1.10): trusting it trusts no other name, and no
//! address.

use std::path::{Path, PathBuf};

use portcullis::time::UnixSeconds;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use time::{Duration, OffsetDateTime};

use super::files::{self, Access, FileError};
use crate::system::clock::{Clock, SystemClock};

/// Clients limit the lifetime of server certificates, not of authorities.
const AUTHORITY_LIFETIME: Duration = Duration::days(10 * 365);
/// Some clients refuse a server certificate that is good for longer than 398 days.
const LIFETIME: Duration = Duration::days(90);
/// So that a clock a little behind takes the certificates too.
const BACKDATED: Duration = Duration::hours(1);

/// PEM files.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority's certificate, for browsers and clients to trust.
    pub authority: PathBuf,
    /// The server's certificate.
    pub certificate: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
}

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The authority's key does not read.
    #[error("{} is not a private key; remove it to get a new authority: {reason}", path.display())]
    AuthorityKey {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: rcgen::Error,
    },
    /// A certificate cannot be made.
    #[error("no certificate can be made for {hostnames}: {reason}")]
    Make {
        /// For which hostnames.
        hostnames: String,
        /// Why.
        reason: rcgen::Error,
    },
    /// The machine's clock is set to a time that no certificate can have.
    #[error("no certificate can be made at the time that this machine's clock shows")]
    Clock,
}

impl Certificates {
    /// Makes a certificate for `hostnames`, all under `localhost`, by the authority that is kept in
    /// the directory. The first time it makes the authority.
    ///
    /// # Errors
    /// When a hostname is none, or a file cannot be used.
    pub fn make(directory: &Path, hostnames: &[&str]) -> Result<Self, CertificateError> {
        let files = Self::files_in(directory);
        let authority = Authority::kept_in(directory, &files.authority)?;
        let (certificate, key) = authority.issue(hostnames)?;
        files::write(&files.certificate, &certificate, Access::All)?;
        files::write(&files.key, &key, Access::Owner)?;
        Ok(files)
    }

    /// The files of a directory, which [`Self::make`] writes.
    #[must_use]
    pub fn files_in(directory: &Path) -> Self {
        Self {
            authority: directory.join("ca.pem"),
            certificate: directory.join("certificate.pem"),
            key: directory.join("key.pem"),
        }
    }
}

/// The authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    now: OffsetDateTime,
}

impl Authority {
    /// The authority whose key is in a directory; made, with its certificate, if there is none.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn kept_in(directory: &Path, certificate: &Path) -> Result<Self, CertificateError> {
        let key_file = directory.join("ca-key.pem");
        let now = at(SystemClock.now_seconds())?;
        let made = |reason| CertificateError::Make {
            hostnames: "the authority".to_owned(),
            reason,
        };
        let (key, is_new) = match files::read(&key_file)? {
            Some(pem) => {
                let key = KeyPair::from_pem(&pem);
                let unreadable = |reason| CertificateError::AuthorityKey {
                    path: key_file.clone(),
                    reason,
                };
                (key.map_err(unreadable)?, false)
            }
            None => (KeyPair::generate().map_err(made)?, true),
        };
        let params = authority_params(&key, now).map_err(made)?;
        // Signatures are random: a certificate that is trusted stays as it is.
        if is_new || files::read(certificate)?.is_none() {
            let signed = params.self_signed(&key).map_err(made)?;
            files::write(&key_file, &key.serialize_pem(), Access::Owner)?;
            files::write(certificate, &signed.pem(), Access::All)?;
        }
        let issuer = Issuer::new(params, key);
        Ok(Self { issuer, now })
    }

    /// A server's certificate and private key, PEM. Clients accept it for names under `localhost`
    /// only.
    ///
    /// # Errors
    /// When a hostname is none.
    pub fn issue(&self, hostnames: &[&str]) -> Result<(String, String), CertificateError> {
        let issue = || {
            let key = KeyPair::generate()?;
            let certificate = server_params(hostnames, self.now)?.signed_by(&key, &self.issuer)?;
            Ok((certificate.pem(), key.serialize_pem()))
        };
        issue().map_err(|reason| CertificateError::Make {
            hostnames: hostnames.join(", "),
            reason,
        })
    }
}

fn authority_params(key: &KeyPair, now: OffsetDateTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(CertificateParams::new(Vec::new())?, now, AUTHORITY_LIFETIME);
    // Of its own, so that a browser that trusts several does not mistake one for another.
    let fingerprint = hmac_sha256::Hash::hash(key.public_key_raw());
    let name: String = fingerprint
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    params.distinguished_name.push(
        DnType::CommonName,
        format!("Portcullis on this machine {name} (localhost only)"),
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("localhost".to_owned())],
        // A constraint on names says nothing about addresses.
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    });
    Ok(params)
}

fn server_params(
    hostnames: &[&str],
    now: OffsetDateTime,
) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = hostnames.iter().map(|name| (*name).to_owned()).collect();
    let mut params = dated(CertificateParams::new(names)?, now, LIFETIME);
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn dated(
    mut params: CertificateParams,
    now: OffsetDateTime,
    lifetime: Duration,
) -> CertificateParams {
    params.not_before = now - BACKDATED;
    params.not_after = now + lifetime;
    params
}

fn at(now: UnixSeconds) -> Result<OffsetDateTime, CertificateError> {
    let seconds = i64::try_from(now.get()).map_err(|_| CertificateError::Clock)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CertificateError::Clock)
}
