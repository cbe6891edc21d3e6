//! Arithmetic on the two halves of an ES256 signature (RFC 7518, section 3.4).

use anyhow::{Result, ensure};
use portcullis::protocol::base64url;

/// The order of P-256 (NIST SP 800-186, section 3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// A signature, taken apart.
#[derive(Debug, Clone)]
pub struct Halves {
    /// The first.
    pub r: Vec<u8>,
    /// The second.
    pub s: Vec<u8>,
}

impl Halves {
    /// Those of a signature in base64url.
    pub fn of(signature: &str) -> Result<Self> {
        let bytes = base64url::decode(signature.as_bytes()).unwrap_or_default();
        ensure!(bytes.len() == 64, "a signature of {} bytes", bytes.len());
        let (r, s) = bytes.split_at(32);
        Ok(Self {
            r: r.to_vec(),
            s: s.to_vec(),
        })
    }

    /// The same signature with order − s, which every verifier of ECDSA takes as well.
    pub fn mirrored(&self) -> String {
        encode(&self.r, &minus(&ORDER, &self.s))
    }

    /// Halves that are zero, the order, or too long: no signatures, though some verifiers have
    /// taken them for some.
    pub fn forged(&self) -> Vec<(&'static str, String)> {
        let zero = [0; 32];
        let one = [&[0; 31][..], &[1]].concat();
        let long = [&[0][..], &self.s].concat();
        vec![
            ("r and s zero", encode(&zero, &zero)),
            ("r zero", encode(&zero, &self.s)),
            ("s zero", encode(&self.r, &zero)),
            ("r and s one", encode(&one, &one)),
            ("r the order", encode(&ORDER, &self.s)),
            ("r and s the order", encode(&ORDER, &ORDER)),
            ("r and s swapped", encode(&self.s, &self.r)),
            ("a zero before s", encode(&self.r, &long)),
            ("63 bytes", encode(&self.r, &self.s[..31])),
            ("r alone", encode(&self.r, &[])),
            ("as DER", encode(&der(&self.r, &self.s), &[])),
        ]
    }
}

fn encode(r: &[u8], s: &[u8]) -> String {
    base64url::encode(&[r, s].concat())
}

/// The difference of two numbers of the same length, the first being greater.
fn minus(greater: &[u8], less: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut difference: Vec<u8> = greater
        .iter()
        .zip(less)
        .rev()
        .map(|(a, b)| {
            let (first, under) = a.overflowing_sub(*b);
            let (digit, again) = first.overflowing_sub(u8::from(borrow));
            borrow = under || again;
            digit
        })
        .collect();
    difference.reverse();
    difference
}

/// ECDSA-Sig-Value (RFC 3279), with a zero before each half whether it needs one or not.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| [&[0x02, 33, 0], half].concat();
    [&[0x30, 70], &integer(r)[..], &integer(s)].concat()
}
