//! Tokens whose signature was found good, so that it is checked once for each token.
//!
//! Bounded: two generations of at most [`GENERATION`] tokens. When the younger is full the older
//! is dropped, so a token in use stays and a flood of tokens costs memory for two generations
//! and no more. A token is found by its last bytes, which are of its signature and so spread
//! evenly, and then compared whole: no other token can take its place.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;

use super::signed::Signed;

/// Tokens in one generation: about 2 MB at 800 bytes a token and 1 KB of claims, and about 6 MB if each
/// names 1 KB of groups.
const GENERATION: usize = 1024;

/// A token's last bytes. Of two tokens that share them the later is kept.
type Tail = [u8; 16];

/// Tokens with a good signature.
#[derive(Debug, Default)]
pub struct TokenCache {
    young: HashMap<Tail, Rc<Signed>>,
    old: HashMap<Tail, Rc<Signed>>,
}

impl TokenCache {
    /// A token seen before.
    pub fn find(&mut self, token: &[u8]) -> Option<Rc<Signed>> {
        let tail = token.last_chunk()?;
        let same = |signed: &&Rc<Signed>| signed.token.as_bytes() == token;
        if let Some(signed) = self.young.get(tail).filter(same) {
            return Some(Rc::clone(signed));
        }
        self.old.get(tail).filter(same)?;
        let signed = self.old.remove(tail)?;
        self.keep(*tail, Rc::clone(&signed));
        Some(signed)
    }

    /// Remembers a token whose signature is good.
    pub fn insert(&mut self, signed: Rc<Signed>) {
        if let Some(tail) = signed.token.as_bytes().last_chunk() {
            self.keep(*tail, Rc::clone(&signed));
        }
    }

    /// Forgets everything: the keys have changed.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn keep(&mut self, tail: Tail, signed: Rc<Signed>) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(tail, signed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::verifier::tests::claims;

    #[test]
    fn a_flood_is_bounded_and_a_used_token_stays() {
        let mut cache = TokenCache::default();
        let signed = |token: &str| Rc::new(Signed::new(claims(), "k".into(), token));
        let token = |name: &str| format!("header.{name}.signature-{name:0>16}");
        let used = token("used");
        cache.insert(signed(&used));
        for i in 0..10 * GENERATION {
            cache.insert(signed(&token(&i.to_string())));
            if i % 100 == 0 {
                assert!(cache.find(used.as_bytes()).is_some());
            }
        }
        assert!(cache.young.len() + cache.old.len() <= 2 * GENERATION);
        assert!(cache.find(token("0").as_bytes()).is_none());
        cache.clear();
        assert!(cache.find(used.as_bytes()).is_none());
    }

    #[test]
    fn the_whole_token_is_compared() {
        let mut cache = TokenCache::default();
        let signed = |token: &str| Rc::new(Signed::new(claims(), "k".into(), token));
        cache.insert(signed("a.b.0123456789abcdef"));
        for other in [
            "a.c.0123456789abcdef",
            ".b.0123456789abcdef",
            "0123456789abcdef",
            "f",
        ] {
            assert!(cache.find(other.as_bytes()).is_none(), "{other}");
        }
        cache.insert(signed("a.c.0123456789abcdef"));
        assert!(cache.find(b"a.c.0123456789abcdef").is_some());
    }
}
