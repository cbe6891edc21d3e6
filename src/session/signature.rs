//! Checking a signature: which algorithms there are, and the seam between the two ways to do it.
//!
//! Where the host offers its own verification and passes a self-test, it checks ES256 and RS256.
//! EdDSA, and everything on other hosts, is checked by [`super::pure`].

/// The signature algorithms (RFC 7518, RFC 8037), one pinned to each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// The algorithm of a name in `alg`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|algorithm| algorithm.name() == name)
    }

    /// Its name in `alg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// What the host can do with signatures.
pub trait HostSignatures {
    /// Whether the host finds a signature good; `None` if the host failed.
    ///
    /// `public_key` is a DER SubjectPublicKeyInfo (RFC 5280), `signature` is as the algorithm
    /// has it outside of JOSE: for ES256 a DER ECDSA-Sig-Value (RFC 3279), see [`der_signature`].
    fn verify(&self, public_key: &[u8], signature: &[u8], text: &[u8]) -> Option<bool>;
}

/// No host signatures: everything is checked in pure Rust.
#[derive(Debug, Clone, Copy)]
pub struct NoHostSignatures;

impl HostSignatures for NoHostSignatures {
    fn verify(&self, _public_key: &[u8], _signature: &[u8], _text: &[u8]) -> Option<bool> {
        None
    }
}

/// Converts a JOSE ECDSA signature on P-256 (r‖s, 64 bytes; RFC 7518, section 3.4) to DER.
///
/// `None` for any other length, and for r or s of zero, which no signature has.
#[must_use]
pub fn der_signature(jose: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = (jose.get(..32)?, jose.get(32..)?);
    if s.len() != 32 {
        return None;
    }
    let (r, s) = (der_integer(r)?, der_integer(s)?);
    // Two integers of at most 35 bytes each: the length fits one byte.
    let mut der = vec![0x30, u8::try_from(r.len() + s.len()).ok()?];
    der.extend(r);
    der.extend(s);
    Some(der)
}

/// A positive INTEGER: no leading zero bytes but the one that keeps the sign bit clear.
fn der_integer(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = bytes.iter().position(|b| *b != 0)?;
    let digits = bytes.get(first..)?;
    let sign = digits.first().is_some_and(|b| b & 0x80 != 0);
    let mut der = vec![0x02, u8::try_from(digits.len() + usize::from(sign)).ok()?];
    if sign {
        der.push(0);
    }
    der.extend(digits);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_is_minimal_and_positive() {
        let mut jose = [0u8; 64];
        jose[31] = 1;
        jose[32] = 0x80;
        let der = der_signature(&jose).unwrap();
        assert_eq!(&der[..5], &[0x30, 3 + 35, 0x02, 1, 1]);
        assert_eq!(&der[5..9], &[0x02, 33, 0x00, 0x80]);
        assert_eq!(der.len(), 2 + 3 + 35);
    }

    #[test]
    fn other_lengths_and_zeroes_are_refused() {
        for bad in [&[1u8; 63][..], &[1; 65], &[1; 70], &[], &[0; 64]] {
            assert_eq!(der_signature(bad), None);
        }
        let mut zero_s = [0u8; 64];
        zero_s[0] = 1;
        assert_eq!(der_signature(&zero_s), None);
    }
}
