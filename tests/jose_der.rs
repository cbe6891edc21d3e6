//! The conversion of JOSE's ECDSA signatures to DER, judged by a DER reader that knows nothing
//! of it, over chance and Wycheproof.

#![expect(
    clippy::indexing_slicing,
    reason = "a panic is how a test fails; clippy.toml allows this in test functions only"
)]

use portcullis::session::signature::der_signature;
use portcullis_vectors::{ecdsa_in_der, read_der};

const CASES: u64 = 20_000;

/// A number of 32 bytes as hostile as chance makes it: zero bytes before and behind, all ones, a
/// first bit that DER would take for a sign.
fn number(random: &mut fastrand::Rng) -> [u8; 32] {
    let mut number = [0; 32];
    let zeroes = random.usize(..=32);
    random.fill(&mut number[zeroes..]);
    match random.u8(..8) {
        0 => number[zeroes..].fill(0xff),
        1 => number[zeroes..].fill(0),
        2 if zeroes < 32 => number[zeroes] |= 0x80,
        3 if zeroes < 32 => number[zeroes] &= 0x7f,
        _ => {}
    }
    number
}

fn digits(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0);
    &number[first.unwrap_or(number.len())..]
}

#[test]
fn the_der_reads_as_the_same_numbers_and_is_never_lax() {
    for seed in 0..CASES {
        let mut random = fastrand::Rng::with_seed(seed);
        let (r, s) = (number(&mut random), number(&mut random));
        let der = der_signature(&[r, s].concat());
        if digits(&r).is_empty() || digits(&s).is_empty() {
            assert_eq!(der, None, "seed {seed}");
            continue;
        }
        // The reader refuses everything but strict DER.
        let (read_r, read_s) = read_der(&der.unwrap()).unwrap_or_else(|| panic!("seed {seed}"));
        assert_eq!(
            (&read_r[..], &read_s[..]),
            (digits(&r), digits(&s)),
            "seed {seed}"
        );
    }
}

#[test]
fn other_lengths_are_refused() {
    let mut random = fastrand::Rng::with_seed(0);
    for length in (0..200).filter(|length| *length != 64) {
        let bytes: Vec<u8> = (0..length).map(|_| random.u8(1..)).collect();
        assert_eq!(der_signature(&bytes), None, "{length} bytes");
    }
}

#[test]
fn what_wycheproof_has_in_der_comes_out_as_the_same_bytes() {
    let mut same = 0;
    for (der, good) in ecdsa_in_der().unwrap() {
        let Some((r, s)) = read_der(&der) else {
            assert!(!good, "a good signature that does not read: {der:02x?}");
            continue;
        };
        if r.len() > 32 || s.len() > 32 {
            assert!(!good);
            continue;
        }
        let mut jose = [0; 64];
        jose[32 - r.len()..32].copy_from_slice(&r);
        jose[64 - s.len()..].copy_from_slice(&s);
        match der_signature(&jose) {
            Some(converted) => {
                assert_eq!(converted, der);
                same += 1;
            }
            None => assert!(!good && (digits(&r).is_empty() || digits(&s).is_empty())),
        }
    }
    assert!(same > 200, "only {same}");
}
