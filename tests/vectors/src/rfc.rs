//! The examples of the JOSE RFCs.

use anyhow::{Context, Result};
use ct_codecs::{Base64UrlSafeNoPadding, Decoder};
use serde::Deserialize;
use serde_json::Value;

use crate::{Check, KeyVectors};

const FILES: [&str; 4] = [
    include_str!("../data/rfc7515_a2_rs256.json"),
    include_str!("../data/rfc7515_a3_es256.json"),
    include_str!("../data/rfc7520_4_1_rs256.json"),
    include_str!("../data/rfc8037_a4_eddsa.json"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    source: String,
    jwk: Value,
    protected: String,
    payload: String,
    signature: String,
}

/// Each example as it stands, and each with one bit of its signature and of its payload changed.
pub(crate) fn examples() -> Result<Vec<KeyVectors>> {
    FILES.into_iter().map(example).collect()
}

/// The example for ES256.
pub(crate) fn es256() -> Result<KeyVectors> {
    example(FILES[1])
}

fn example(file: &str) -> Result<KeyVectors> {
    let example: Example = serde_json::from_str(file)?;
    let text = format!("{}.{}", example.protected, example.payload);
    let signature = Base64UrlSafeNoPadding::decode_to_vec(&example.signature, None)
        .with_context(|| example.source.clone())?;
    let check = |name: &str, text: &str, signature: &[u8], good| Check {
        name: name.to_owned(),
        text: text.as_bytes().to_vec(),
        signature: signature.to_vec(),
        good,
    };
    let mut flipped = signature.clone();
    if let Some(last) = flipped.last_mut() {
        *last ^= 1;
    }
    let checks = vec![
        check("as printed", &text, &signature, true),
        check("last bit flipped", &text, &flipped, false),
        check("more text", &format!("{text}A"), &signature, false),
        check("no signature", &text, &[], false),
    ];
    Ok(KeyVectors {
        source: example.source,
        jwk: example.jwk,
        key_is_used: true,
        checks,
    })
}
