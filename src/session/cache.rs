//! Tokens whose signature was found good, so that it is checked once for each token.
//!
//! Bounded: two generations of at most [`GENERATION`] tokens. When the younger is full the older
//! is dropped, so a token in use stays and a flood of tokens costs memory for two generations
//! and no more. The whole token is the key, so no other token can take its place.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;

use crate::protocol::claims::ApplicationClaims;

/// Tokens in one generation: about 2 MB at 800 bytes a token and 1 KB of claims.
const GENERATION: usize = 1024;

/// Claims of tokens with a good signature.
#[derive(Debug, Default)]
pub struct TokenCache {
    young: HashMap<Box<[u8]>, Rc<ApplicationClaims>>,
    old: HashMap<Box<[u8]>, Rc<ApplicationClaims>>,
}

impl TokenCache {
    /// The claims of a token seen before.
    pub fn find(&mut self, token: &[u8]) -> Option<Rc<ApplicationClaims>> {
        if let Some(claims) = self.young.get(token) {
            return Some(Rc::clone(claims));
        }
        let (token, claims) = self.old.remove_entry(token)?;
        self.keep(token, Rc::clone(&claims));
        Some(claims)
    }

    /// Remembers a token whose signature is good.
    pub fn insert(&mut self, token: &[u8], claims: Rc<ApplicationClaims>) {
        self.keep(token.into(), claims);
    }

    /// Forgets everything: the keys have changed.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn keep(&mut self, token: Box<[u8]>, claims: Rc<ApplicationClaims>) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token, claims);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::verifier::tests::claims;

    #[test]
    fn a_flood_is_bounded_and_a_used_token_stays() {
        let mut cache = TokenCache::default();
        let claims = Rc::new(claims());
        cache.insert(b"used", Rc::clone(&claims));
        for i in 0..10 * GENERATION {
            cache.insert(i.to_string().as_bytes(), Rc::clone(&claims));
            if i % 100 == 0 {
                assert!(cache.find(b"used").is_some());
            }
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * GENERATION);
        assert!(cache.find(b"0").is_none());
        assert!(cache.find(b"use").is_none() && cache.find(b"used2").is_none());
        cache.clear();
        assert!(cache.find(b"used").is_none());
    }
}
