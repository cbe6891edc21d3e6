//! Edges of JOSE's form of an ECDSA signature, made from the one of RFC 7515, appendix A.3.
//!
//! With r and s, r and n - s is a signature too, and both ways of checking accept it: P-256 in
//! JOSE asks for no low s (RFC 7518, section 3.4). It is harmless here, since nothing is known by
//! a signature's bytes: what is cached is looked up by the whole token, so another spelling is
//! only checked again, and revocations look at claims, which both spellings share.

use anyhow::{Context, Result};

use crate::{Check, KeyVectors, rfc};

/// The order of P-256 (SEC 2, section 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The edges.
pub(crate) fn es256() -> Result<KeyVectors> {
    let mut vectors = rfc::es256()?;
    let printed = vectors.checks.first().context("no example")?;
    let (text, signature) = (&printed.text, &printed.signature);
    let (r, s) = signature.split_at_checked(32).context("too short")?;
    let zero = [0; 32];
    let checks = [
        ("the other s", [r, &minus(&ORDER, s)].concat(), true),
        ("s zero", [r, &zero].concat(), false),
        ("r zero", [&zero, s].concat(), false),
        ("s the order", [r, &ORDER].concat(), false),
        ("r the order", [&ORDER, s].concat(), false),
        (
            "last byte cut",
            signature.iter().take(63).copied().collect(),
            false,
        ),
        (
            "first byte cut",
            signature.iter().skip(1).copied().collect(),
            false,
        ),
        ("a byte more", [signature, &[0][..]].concat(), false),
        ("a zero byte before", [&[0], &signature[..]].concat(), false),
        (
            "zero bytes before r and s",
            [&[0], r, &[0], s].concat(),
            false,
        ),
        ("r and s exchanged", [s, r].concat(), false),
        ("in DER, as JOSE never has it", in_der(r, s), false),
    ];
    vectors.checks = checks
        .into_iter()
        .map(|(name, signature, good)| Check {
            name: name.to_owned(),
            text: text.clone(),
            signature,
            good,
        })
        .collect();
    vectors.source = format!("edges of {}", vectors.source);
    Ok(vectors)
}

/// The difference of two numbers of the same length, the first the greater.
fn minus(greater: &[u8], less: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let digits = greater.iter().zip(less).rev().map(|(a, b)| {
        let (digit, under) = a.overflowing_sub(*b);
        let (digit, under_too) = digit.overflowing_sub(u8::from(borrow));
        borrow = under || under_too;
        digit
    });
    let mut difference: Vec<u8> = digits.collect();
    difference.reverse();
    difference
}

/// Both numbers with a zero byte before them, which DER wants where the first bit is set and
/// lenient readers accept everywhere.
fn in_der(r: &[u8], s: &[u8]) -> Vec<u8> {
    [&[0x30, 70, 0x02, 33, 0], r, &[0x02, 33, 0], s].concat()
}
