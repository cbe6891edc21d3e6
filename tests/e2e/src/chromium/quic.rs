//! A Chromium that speaks HTTP/3 to some hosts, and nothing else to them.

use anyhow::Result;
use portcullis::protocol::base64url;
use portcullis_demo::certificates::Certificates;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;

use super::{Chromium, Visitor};

/// A visitor with a Chromium of their own, which reaches `hosts` (`wiki.localhost:8443`) by HTTP/3
/// only. It ends with this process.
///
/// # Errors
/// When Chromium does not start.
pub fn visitor_by_http3(
    name: &str,
    hosts: &[String],
    certificates: &Certificates,
) -> Result<Visitor> {
    let arguments = [
        format!("--origin-to-force-quic-on={}", hosts.join(",")),
        // Chromium tries the first address only, which is `::1`, where nothing listens. This
        // replaces what the program is started with.
        "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND".to_owned(),
        // Over QUIC, Chromium takes no certificate of an authority that a person has added, but for
        // public keys that are named here.
        format!(
            "--ignore-certificate-errors-spki-list={}",
            fingerprint(certificates)?
        ),
    ];
    let chromium = Chromium::start(name, &certificates.authority, &arguments)?;
    // Tabs refer to it until the process ends.
    Visitor::new(Box::leak(Box::new(chromium)))
}

/// The SHA-256 of the server's public key (SPKI), in base64.
fn fingerprint(certificates: &Certificates) -> Result<String> {
    let certificate = CertificateDer::from_pem_file(&certificates.certificate)?;
    let certificate = ParsedCertificate::try_from(&certificate)?;
    let hash = hmac_sha256::Hash::hash(certificate.subject_public_key_info().as_ref());
    // 32 bytes: 43 characters and one for the padding.
    let text = base64url::encode(&hash);
    Ok(text.replace('-', "+").replace('_', "/") + "=")
}
