//! Signatures in pure Rust, against vectors made by others. The same vectors go through the
//! host's check in `tests/e2e/suites/signatures`.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test fails; clippy.toml allows this in test functions only"
)]

use portcullis::protocol::feed::JwkSet;
use portcullis::session::keys::{Keys, SignatureCheck, SignaturePath};
use portcullis::session::signature::NoHostSignatures;
use portcullis_vectors::KeyVectors;
use serde_json::json;

fn compile(vectors: &KeyVectors) -> Option<Keys> {
    let set: JwkSet = serde_json::from_value(json!({"keys": [vectors.jwk]})).unwrap();
    Keys::compile(set).ok()
}

#[test]
fn every_vector_gets_its_verdict_in_pure_rust() {
    let mut wrong = Vec::new();
    let (mut good, mut bad) = (0, 0);
    for vectors in portcullis_vectors::all().unwrap() {
        let Some(keys) = compile(&vectors) else {
            assert!(!vectors.key_is_used, "{}: {}", vectors.source, vectors.jwk);
            continue;
        };
        assert!(vectors.key_is_used, "{}: {}", vectors.source, vectors.jwk);
        let key = keys.find(vectors.jwk["kid"].as_str().unwrap()).unwrap();
        for check in &vectors.checks {
            let verdict = key.verify(&NoHostSignatures, &check.signature, &check.text);
            let expected = SignatureCheck {
                is_good: check.good,
                path: SignaturePath::Pure,
            };
            if verdict != expected {
                wrong.push(format!("{}, {}", vectors.source, check.name));
            }
            *if check.good { &mut good } else { &mut bad } += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(good > 400 && bad > 900, "{good} good and {bad} bad vectors");
}
