//! A token with a good signature, and what is known about it from then on.

use std::cell::OnceCell;

use subtle::ConstantTimeEq;

use crate::protocol::claims::{ApplicationClaims, Confirmation};
use crate::reply::{header_list, header_text};
use crate::session::revocations::TokenFingerprints;

/// A token that a key in force has signed. Nothing more is known of it: it may be for another
/// application, expired, or revoked.
pub struct Signed {
    /// What the token says.
    pub claims: ApplicationClaims,
    /// The key's id.
    pub kid: String,
    /// The token itself.
    pub token: Box<str>,
    /// The user's e-mail address, fit for a header.
    pub email: String,
    /// The user's id, fit for a header.
    pub id: String,
    /// The groups that the application gets to know, fit for a header; `None`: it forwards none.
    pub groups: Option<String>,
    /// Its subjects, to be looked up among the revocations.
    pub fingerprints: TokenFingerprints,
    // The binding cookie that was found to fit, so that it is hashed once for each token.
    fitting: OnceCell<Secret>,
}

impl Signed {
    /// A token with a good signature by a key, and its claims.
    #[must_use]
    pub fn new(claims: ApplicationClaims, kid: String, token: &str) -> Self {
        Self {
            kid,
            token: token.into(),
            email: header_text(&claims.email),
            id: header_text(&claims.sub),
            groups: claims.groups.as_deref().map(header_list),
            claims,
            fingerprints: TokenFingerprints::default(),
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

/// Shows which key signed it, and no secret.
impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed")
            .field("kid", &self.kid)
            .field("jti", &self.claims.jti)
            .finish_non_exhaustive()
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
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::verifier::tests::{binding, claims};

    #[test]
    fn the_same_cookie_fits_the_first_time_and_every_time() {
        let signed = Signed::new(claims(), "k".into(), "t");
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
        let unbound = Signed::new(unbound, "k".into(), "t");
        assert_eq!(unbound.matching(&[good.as_bytes()]), None);
        assert!(!format!("{signed:?}").contains(&good));
    }
}
