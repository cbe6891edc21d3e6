//! Who trusts the authority trusts it for names under `localhost`, and for nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use anyhow::{Context, Result};
use portcullis_demo::certificates::{Authority, Certificates};
use portcullis_e2e::directories;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

#[test]
fn the_authority_vouches_for_localhost_only() -> Result<()> {
    let directory = directories::of_stand("try-ca")?;
    fs::create_dir_all(&directory)?;
    let files = Certificates::make(&directory, &["wiki.localhost"])?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&files.authority)?)?;
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
            .build()?;
    // The key that is kept, in hands that would make other certificates with it.
    let authority = Authority::kept_in(&directory, &files.authority)?;
    for (name, good) in [
        ("wiki.localhost", true),
        ("a.b.localhost", true),
        ("example.com", false),
        ("localhost.example.com", false),
        ("notlocalhost", false),
        ("127.0.0.1", false),
        ("::1", false),
    ] {
        let (certificate, _) = authority.issue(&[name])?;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes())?;
        let server = ServerName::try_from(name)?;
        let verdict = verifier.verify_server_cert(&certificate, &[], &server, &[], UnixTime::now());
        assert_eq!(verdict.is_ok(), good, "{name}: {verdict:?}");
        if let Err(error) = verdict {
            assert!(format!("{error:?}").contains("NameConstraint"), "{error:?}");
        }
    }
    Ok(())
}

#[test]
fn private_keys_are_for_their_owner() -> Result<()> {
    let directory = directories::of_stand("try-keys")?;
    fs::create_dir_all(&directory)?;
    let files = Certificates::make(&directory, &["wiki.localhost"])?;
    for file in [&files.key, &directory.join("ca-key.pem")] {
        let mode = fs::metadata(file)?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    // A broken key is not replaced: browsers would not trust its successor.
    fs::write(directory.join("ca-key.pem"), "none")?;
    let error = Certificates::make(&directory, &["wiki.localhost"]);
    let error = error.err().context("no error")?.to_string();
    assert!(
        error.contains("ca-key.pem") && error.contains("remove it"),
        "{error}"
    );
    Ok(())
}
