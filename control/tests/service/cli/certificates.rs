//! `token --team-domain` against servers with bad certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{program, run, stderr};

const HOST: &str = "team.localhost";

pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    pub file: PathBuf,
}

impl Authority {
    /// An authority with this name, whose certificate is in a file.
    pub fn new(file: PathBuf, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(&file, certificate.pem()).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
            file,
        }
    }

    /// Accepts TLS connections for a name with a certificate of this authority.
    pub fn acceptor(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        acceptor(certificate.der().clone(), &key)
    }

    /// A server with a certificate of this authority; its port.
    async fn server(&self, name: &str, change: fn(&mut CertificateParams)) -> u16 {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        serve(certificate.der().clone(), &key).await
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Accepts TLS connections and closes them.
async fn serve(certificate: CertificateDer<'static>, key: &KeyPair) -> u16 {
    let acceptor = acceptor(certificate, key);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
        }
    });
    port
}

async fn token(port: u16, more: &[&str]) -> (String, Value) {
    let team_domain = format!("https://{HOST}:{port}");
    let arguments: Vec<String> = ["token", "wiki", "--team-domain", &team_domain]
        .iter()
        .chain(more)
        .map(ToString::to_string)
        .collect();
    let asked = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let nowhere = Path::new("/nonexistent");
        let text = run(nowhere, &arguments);
        assert_eq!(text.status.code(), Some(1));
        let json = program(nowhere, &arguments).arg("--json").output().unwrap();
        (stderr(&text), serde_json::from_slice(&json.stderr).unwrap())
    });
    asked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_certificate_is_said() {
    let directory = tempfile::TempDir::new().unwrap();
    let authority = Authority::new(directory.path().join("a.pem"), "authority");
    let other = Authority::new(directory.path().join("b.pem"), "other");
    let former = Authority::new(directory.path().join("c.pem"), "authority");
    let trusted = ["--ca-file", authority.file.to_str().unwrap()];
    let untrusted = ["--ca-file", other.file.to_str().unwrap()];
    let outdated = ["--ca-file", former.file.to_str().unwrap()];
    let good = authority.server(HOST, |_| {}).await;
    let expired = authority
        .server(HOST, |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 2, 3);
        })
        .await;
    let future = authority
        .server(HOST, |params| {
            params.not_before = date_time_ymd(2999, 1, 1);
            params.not_after = date_time_ymd(3000, 1, 1);
        })
        .await;
    let elsewhere = authority.server("wiki.example.com", |_| {}).await;
    for (port, options, reason, says) in [
        (good, &untrusted[..], "certificate_untrusted", "--ca-file"),
        (good, &outdated, "certificate_untrusted", "--ca-file"),
        (good, &[], "certificate_untrusted", "--ca-file"),
        (
            expired,
            &trusted,
            "certificate_expired",
            "expired at 2021-02-03T00:00:00Z",
        ),
        (
            future,
            &trusted,
            "certificate_not_yet_valid",
            "not valid yet",
        ),
        (
            elsewhere,
            &trusted,
            "certificate_for_other_name",
            "is only for wiki.example.com.",
        ),
        // The certificate is good, and nothing speaks HTTP behind it.
        (good, &trusted, "no_answer", "Is this the team domain?"),
    ] {
        let (text, json) = token(port, options).await;
        assert_eq!(json["reason"], reason, "{text}");
        assert!(text.contains(says), "{says} in {text}");
        assert!(text.contains(&format!("https://{HOST}:{port}")), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authoritys_own_certificate_is_no_servers() {
    let directory = tempfile::TempDir::new().unwrap();
    let authority = Authority::new(directory.path().join("a.pem"), "authority");
    let key = authority.issuer.key();
    let port = serve(authority.certificate.der().clone(), key).await;
    let options = ["--ca-file", authority.file.to_str().unwrap()];
    let (text, json) = token(port, &options).await;
    assert_eq!(json["reason"], "certificate_invalid", "{text}");
    assert!(text.contains("authority's own"), "{text}");
}
