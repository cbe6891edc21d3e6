//! Certificates for machines that authenticate each other.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair,
};

/// An authority that exists for one test.
pub struct Authority {
    /// Its certificate, PEM.
    pub file: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    directory: PathBuf,
}

/// A certificate and its private key, PEM.
pub struct Certificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new(directory: &Path, name: &str) -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = called(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let file = directory.join(format!("{name}.pem"));
        fs::write(&file, params.self_signed(&key)?.pem())?;
        Ok(Self {
            file,
            issuer: Issuer::new(params, key),
            directory: directory.to_owned(),
        })
    }

    /// A certificate for a server at an address or a hostname.
    pub fn server(&self, name: &str) -> Result<Certificate> {
        self.issue("server", name, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate for a client.
    pub fn client(&self, name: &str) -> Result<Certificate> {
        self.issue(name, name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, file: &str, name: &str, usage: ExtendedKeyUsagePurpose) -> Result<Certificate> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name = called(file);
        params.extended_key_usages = vec![usage];
        let issued = params.signed_by(&key, &self.issuer)?;
        let files = Certificate {
            certificate: self.directory.join(format!("{file}.crt")),
            key: self.directory.join(format!("{file}.key")),
        };
        fs::write(&files.certificate, issued.pem())?;
        fs::write(&files.key, key.serialize_pem())?;
        Ok(files)
    }
}

/// A name of its own: a certificate with its issuer's name would pass for its own issuer.
fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}
