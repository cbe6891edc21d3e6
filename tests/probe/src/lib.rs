//! The filter's signature checks as a module of their own, so that Envoy can be asked for its
//! verdict on vectors made by others, by the code that the filter asks with.
//!
//! Each request brings a key and signatures in its body, and is answered with the verdicts.
#![cfg(target_arch = "wasm32")]

use portcullis::envoy::EnvoySignatures;
use portcullis::protocol::base64url;
use portcullis::protocol::feed::JwkSet;
use portcullis::session::keys::{Keys, SignaturePath};
use portcullis::session::signature::NoHostSignatures;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};
use serde::{Deserialize, Serialize};

mod entry_point {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| -> Box<dyn super::RootContext> { Box::new(super::Probe) });
    }}
}

/// A key set of one key, and signatures to check.
#[derive(Deserialize)]
struct Question {
    keys: JwkSet,
    kid: String,
    checks: Vec<Check>,
}

/// In base64url.
#[derive(Deserialize)]
struct Check {
    text: String,
    signature: String,
}

/// What the filter would find.
#[derive(Serialize)]
struct Verdict {
    good: bool,
    by_host: bool,
    good_in_pure_rust: bool,
}

/// The root context, and each stream's.
struct Probe;

impl Context for Probe {}

impl RootContext for Probe {
    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Self))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl HttpContext for Probe {
    /// No other filter may answer before the body is here.
    fn on_http_request_headers(&mut self, _count: usize, _is_whole: bool) -> Action {
        Action::Pause
    }

    fn on_http_request_body(&mut self, size: usize, is_whole: bool) -> Action {
        if is_whole {
            let body = self.get_http_request_body(0, size).unwrap_or_default();
            match answer(&body) {
                Ok(text) => self.send_http_response(200, vec![], Some(text.as_bytes())),
                Err(error) => self.send_http_response(400, vec![], Some(error.as_bytes())),
            }
        }
        Action::Pause
    }
}

fn answer(body: &[u8]) -> Result<String, String> {
    let question: Question = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let host = EnvoySignatures::self_tested().ok_or("the host did not pass the self-test")?;
    let keys = Keys::compile(question.keys).map_err(|_| "the key is refused")?;
    let key = keys.find(&question.kid).ok_or("no such key")?;
    let decode = |text: &str| base64url::decode(text.as_bytes()).ok_or("not base64url");
    let verdict = |check: &Check| {
        let (signature, text) = (decode(&check.signature)?, decode(&check.text)?);
        let found = key.verify(&host, &signature, &text);
        Ok(Verdict {
            good: found.is_good,
            by_host: found.path == SignaturePath::Host,
            good_in_pure_rust: key.verify(&NoHostSignatures, &signature, &text).is_good,
        })
    };
    let verdicts: Result<Vec<_>, &str> = question.checks.iter().map(verdict).collect();
    serde_json::to_string(&verdicts?).map_err(|error| error.to_string())
}
