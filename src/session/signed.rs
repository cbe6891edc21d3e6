//! A token with a good signature, and what was found out about it.

use std::cell::OnceCell;

use crate::protocol::claims::{ApplicationClaims, Confirmation};

/// What a key in force has signed. Nothing more is known of it: it may be for elsewhere, or
/// over, or revoked.
#[derive(Debug)]
pub struct Signed {
    /// What the token says.
    pub claims: ApplicationClaims,
    /// The key's id.
    pub kid: String,
    // The binding cookie that was found to fit, so that it is hashed once for each token.
    fitting: OnceCell<Secret>,
}

impl Signed {
    /// Claims of a token with a good signature by a key.
    #[must_use]
    pub fn new(claims: ApplicationClaims, kid: String) -> Self {
        Self {
            claims,
            kid,
            fitting: OnceCell::new(),
        }
    }

    /// The binding cookie that the token is bound to, among those that were sent. All are
    /// compared, in constant time. `None` also if the token is bound to nothing.
    #[must_use]
    pub fn matching<'a>(&self, bindings: &[&'a [u8]]) -> Option<&'a [u8]> {
        let confirmation = self.claims.cnf.as_ref()?;
        bindings.iter().fold(None, |found, value| {
            if self.fits(confirmation, value) {
                Some(*value)
            } else {
                found
            }
        })
    }

    fn fits(&self, confirmation: &Confirmation, value: &[u8]) -> bool {
        if let Some(Secret(known)) = self.fitting.get() {
            return equal_in_constant_time(known, value);
        }
        let fits = Confirmation::of_cookie(value).is_some_and(|held| {
            equal_in_constant_time(
                held.cookie_s256.as_bytes(),
                confirmation.cookie_s256.as_bytes(),
            )
        });
        if fits {
            let _ = self.fitting.set(Secret(value.into()));
        }
        fits
    }
}

/// Does not print.
struct Secret(Box<[u8]>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && ct_codecs::verify(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::verifier::tests::{binding, claims};

    #[test]
    fn the_same_cookie_fits_the_first_time_and_every_time() {
        let signed = Signed::new(claims(), "k".into());
        let (good, other) = (binding(), binding().replace('B', "C"));
        assert_ne!(good, other);
        for _ in 0..2 {
            assert_eq!(signed.matching(&[other.as_bytes()]), None);
            assert_eq!(signed.matching(&[]), None);
            let both = [other.as_bytes(), good.as_bytes()];
            assert_eq!(signed.matching(&both), Some(good.as_bytes()));
        }
        let unbound = ApplicationClaims {
            cnf: None,
            ..claims()
        };
        let unbound = Signed::new(unbound, "k".into());
        assert_eq!(unbound.matching(&[good.as_bytes()]), None);
        assert!(!format!("{signed:?}").contains(&good));
    }
}
