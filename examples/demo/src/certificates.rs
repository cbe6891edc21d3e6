//! A certificate authority made for one run, and one certificate for all its hostnames.
//!
//! The authority's key never leaves memory, and the authority is constrained to `localhost`
//! (RFC 5280, section 4.2.1.10): trusting it trusts no other name.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use time::{Duration, OffsetDateTime};

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

impl Certificates {
    /// Makes an authority and a certificate for `hostnames`, all under `localhost`.
    ///
    /// # Errors
    /// When a hostname is none, or a file cannot be written.
    pub fn make(directory: &Path, hostnames: &[&str]) -> Result<Self> {
        let issuer_key = KeyPair::generate()?;
        let issuer_params = authority_params()?;
        let issuer_pem = issuer_params.self_signed(&issuer_key)?.pem();
        let issuer = Issuer::new(issuer_params, issuer_key);

        let key = KeyPair::generate()?;
        let certificate = server_params(hostnames)?.signed_by(&key, &issuer)?;

        let made = Self {
            authority: directory.join("ca.pem"),
            certificate: directory.join("certificate.pem"),
            key: directory.join("key.pem"),
        };
        write(&made.authority, &issuer_pem, 0o644)?;
        write(&made.certificate, &certificate.pem(), 0o644)?;
        write(&made.key, &key.serialize_pem(), 0o600)?;
        Ok(made)
    }
}

fn authority_params() -> Result<CertificateParams> {
    let mut params = dated(CertificateParams::new(Vec::new())?);
    params
        .distinguished_name
        .push(DnType::CommonName, "Portcullis demo (localhost only)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("localhost".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

fn server_params(hostnames: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = hostnames.iter().map(|name| (*name).to_owned()).collect();
    let mut params = dated(CertificateParams::new(names)?);
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

fn dated(mut params: CertificateParams) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - BACKDATED;
    params.not_after = now + LIFETIME;
    params
}

fn write(path: &Path, pem: &str, mode: u32) -> Result<()> {
    use std::io::Write;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(pem.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
