//! An Envoy that runs the filter's signature checks alone, over any input.

use std::fs;

use anyhow::{Context, Result, bail};
use portcullis::protocol::base64url;
use portcullis_demo::certificates::Certificates;
use portcullis_demo::envoy::{self, Envoy, Settings};
use portcullis_demo::tools::Tools;
use portcullis_vectors::KeyVectors;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::directories;

const HOST: &str = "probe.localhost";
const BOOTSTRAP: &str = include_str!("../probe.yaml");

/// The Envoy.
pub struct Probe {
    envoy: Envoy,
    certificates: Certificates,
}

/// What the filter finds of a signature.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Verdict {
    /// Whether it is good.
    pub good: bool,
    /// Whether the host said so.
    pub by_host: bool,
    /// What pure Rust says, compiled to the same module.
    pub good_in_pure_rust: bool,
}

impl Probe {
    /// Starts it.
    ///
    /// # Errors
    /// When Envoy does not start.
    pub fn start() -> Result<Self> {
        let tools = Tools::find("control-with-clock")?;
        let directory = directories::of_stand("probe")?;
        fs::create_dir_all(&directory)?;
        let module = tools.target.join("probe.wasm");
        let certificates = Certificates::make(&directory, &[HOST])?;
        let bootstrap = [
            ("@CERTIFICATE@", &certificates.certificate),
            ("@KEY@", &certificates.key),
            ("@MODULE@", &module),
        ]
        .iter()
        .fold(BOOTSTRAP.to_owned(), |text, (word, path)| {
            text.replace(word, &path.display().to_string())
        });
        let file = directory.join("envoy.yaml");
        fs::write(&file, bootstrap)?;
        let envoy = Envoy::start(&Settings {
            program: &tools.envoy,
            directory: &directory,
            bootstrap: &file,
            credential: "none",
            node: None,
            workers: 1,
            drain: envoy::DRAIN,
        })
        .with_context(|| format!("{} comes from `make probe`", module.display()))?;
        Ok(Self {
            envoy,
            certificates,
        })
    }

    /// The verdicts on a key's signatures, in their order; `None` if the key is refused.
    ///
    /// # Errors
    /// When the module did not do what it was asked.
    pub fn ask(&self, vectors: &KeyVectors) -> Result<Option<Vec<Verdict>>> {
        let checks = vectors.checks.iter().map(|check| {
            json!({
                "text": base64url::encode(&check.text),
                "signature": base64url::encode(&check.signature),
            })
        });
        let question = json!({
            "keys": {"keys": [vectors.jwk]},
            "kid": vectors.jwk.get("kid"),
            "checks": checks.collect::<Value>(),
        });
        let body = question.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        // Envoy ends a connection on which it answered before the request was through.
        let port = self.envoy.admin().listener("probe")?.port();
        let mut connection = Connection::open(port, HOST, &self.certificates.authority)?;
        let answer = connection.send(request.as_bytes());
        let answer = answer.with_context(|| vectors.source.clone())?;
        match (answer.status, String::from_utf8_lossy(&answer.body)) {
            (200, text) => Ok(Some(serde_json::from_str(&text)?)),
            (400, text) if text == "the key is refused" => Ok(None),
            (status, text) => bail!("{} got {status}: {text}", vectors.source),
        }
    }
}
