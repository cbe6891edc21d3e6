//! Which keys a page of the feed may bring: what is refused is refused with the whole page, so
//! that neither way of checking ever sees a key that the other would not take.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is how a test fails; clippy.toml allows this in test functions only"
)]

use portcullis::protocol::base64url;
use portcullis::protocol::feed::JwkSet;
use portcullis::session::keys::Keys;
use serde_json::{Value, json};

/// An RSA key of so many bits. Its modulus is no product of two primes, which cannot be noticed.
fn rsa(bits: usize) -> Value {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] = 0xff >> (modulus.len() * 8 - bits);
    json!({"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig",
        "n": base64url::encode(&modulus), "e": "AQAB"})
}

fn example(algorithm: &str) -> Value {
    let mut all = portcullis_vectors::all().unwrap().into_iter();
    let found = all.find(|vectors| vectors.jwk["alg"] == algorithm);
    found.unwrap().jwk
}

fn with(mut jwk: Value, member: &str, value: impl Into<Value>) -> Value {
    jwk[member] = value.into();
    jwk
}

/// How many keys are in force after a page with this one; `None` if the page is refused.
fn taken(jwk: &Value) -> Option<usize> {
    let set: JwkSet = serde_json::from_value(json!({"keys": [jwk]})).ok()?;
    let keys = Keys::compile(set).ok()?;
    Some(usize::from(!keys.is_empty()))
}

#[test]
fn rsa_keys_have_2048_to_4096_bits_and_the_exponent_65537() {
    for bits in [2048, 2049, 3072, 4096] {
        assert_eq!(taken(&rsa(bits)), Some(1), "{bits} bits");
    }
    for bits in [512, 1024, 2040, 2047, 4097, 8192, 16_384] {
        assert_eq!(taken(&rsa(bits)), None, "{bits} bits");
    }
    for exponent in [
        &[0][..],
        &[1],
        &[2],
        &[3],
        &[17],
        &[1, 0, 0],
        &[1, 0, 2],
        &[0, 1, 0, 1],
    ] {
        let jwk = with(rsa(2048), "e", base64url::encode(exponent));
        assert_eq!(taken(&jwk), None, "exponent {exponent:?}");
    }
    let mut even = vec![0xff; 256];
    even[255] = 0xfe;
    assert_eq!(taken(&with(rsa(2048), "n", base64url::encode(&even))), None);
    // A zero byte before the modulus is bad form (RFC 7518, section 6.3.1.1) but the same key: both
    // ways of checking get it as it was read, not as it was written.
    let padded = base64url::encode(&[&[0][..], &[0xff; 256]].concat());
    assert_eq!(taken(&with(rsa(2048), "n", padded)), Some(1));
}

#[test]
fn a_key_of_another_kind_than_its_algorithm_is_refused() {
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let jwk = example(algorithm);
        assert_eq!(taken(&jwk), Some(1), "{algorithm}");
        for other in ["ES256", "RS256", "EdDSA"]
            .into_iter()
            .filter(|other| *other != algorithm)
        {
            assert_eq!(
                taken(&with(jwk.clone(), "alg", other)),
                None,
                "{algorithm} as {other}"
            );
        }
        assert_eq!(
            taken(&with(jwk.clone(), "use", "enc")),
            None,
            "{algorithm} to encrypt"
        );
        assert_eq!(
            taken(&with(jwk, "kty", "oct")),
            None,
            "{algorithm} as a secret"
        );
    }
    assert_eq!(taken(&with(example("ES256"), "crv", "P-384")), None);
    assert_eq!(taken(&with(example("EdDSA"), "crv", "X25519")), None);
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let jwk = example("ES256");
    assert_eq!(taken(&with(jwk.clone(), "y", jwk["x"].clone())), None);
    let zero = base64url::encode(&[0; 32]);
    let origin = with(with(jwk.clone(), "x", zero.clone()), "y", zero);
    assert_eq!(taken(&origin), None);
    assert_eq!(taken(&with(jwk, "x", base64url::encode(&[1; 31]))), None);
}

#[test]
fn a_private_key_is_refused() {
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let secret = base64url::encode(&[1; 32]);
        assert_eq!(
            taken(&with(example(algorithm), "d", secret)),
            None,
            "{algorithm}"
        );
    }
}

#[test]
fn a_key_of_an_unknown_algorithm_is_left_out() {
    for algorithm in ["none", "HS256", "ES384", "PS256", "es256", ""] {
        assert_eq!(
            taken(&with(example("ES256"), "alg", algorithm)),
            Some(0),
            "{algorithm}"
        );
    }
}

#[test]
fn a_kid_comes_once() {
    let jwk = example("ES256");
    let set = serde_json::from_value(json!({"keys": [jwk, jwk]})).unwrap();
    assert!(Keys::compile(set).is_err());
}
