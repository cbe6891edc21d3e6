//! Tokens of pairs that the control service found good, until they are replaced.
//!
//! Bounded like the verifier's tokens: two generations of at most [`GENERATION`]. When the younger is
//! full the older is dropped, so a pair in use stays. Only good pairs come here: a flood of wrong
//! ones drops none.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;
use std::time::Duration;

use crate::time::UnixMillis;

/// Pairs in one generation: about 0.5 MB.
const GENERATION: usize = 512;

/// The tokens, by the pairs' fingerprints. Has no `Debug`: it holds tokens.
#[derive(Default)]
pub(in crate::filter) struct KeptTokens {
    young: HashMap<String, Rc<KeptToken>>,
    old: HashMap<String, Rc<KeptToken>>,
}

/// A token as it came from the control service. It may have expired, or been revoked: it is judged
/// for every request.
pub(in crate::filter) struct KeptToken {
    text: Box<str>,
    since: UnixMillis,
}

impl KeptToken {
    /// The token.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it came a moment ago, by a clock that was not set back since.
    pub fn has_come_within(&self, span: Duration, now: UnixMillis) -> bool {
        now.checked_duration_since(self.since)
            .is_some_and(|age| age < span)
    }
}

impl KeptTokens {
    /// The token of a pair.
    pub fn find(&mut self, pair: &str) -> Option<Rc<KeptToken>> {
        if let Some(kept) = self.young.get(pair) {
            return Some(Rc::clone(kept));
        }
        let (pair, kept) = self.old.remove_entry(pair)?;
        self.insert(pair, Rc::clone(&kept));
        Some(kept)
    }

    /// Keeps the token of a pair that is good.
    pub fn keep(&mut self, pair: String, token: String, now: UnixMillis) {
        self.old.remove(&pair);
        let text = token.into_boxed_str();
        self.insert(pair, Rc::new(KeptToken { text, since: now }));
    }

    /// The pair is no longer good.
    pub fn forget(&mut self, pair: &str) {
        self.young.remove(pair);
        self.old.remove(pair);
    }

    fn insert(&mut self, pair: String, kept: Rc<KeptToken>) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&pair) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(pair, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000);

    #[test]
    fn a_pair_in_use_stays_and_their_number_is_bounded() {
        let mut kept = KeptTokens::default();
        kept.keep("used".into(), "t".into(), NOW);
        for number in 0..10 * GENERATION {
            kept.keep(number.to_string(), "x".into(), NOW);
            if number % 100 == 0 {
                assert_eq!(kept.find("used").unwrap().text(), "t");
            }
        }
        assert!(kept.young.len() + kept.old.len() <= 2 * GENERATION);
        assert!(kept.find("0").is_none());
        kept.forget("used");
        assert!(kept.find("used").is_none());
    }

    #[test]
    fn the_last_token_counts() {
        let mut kept = KeptTokens::default();
        kept.keep("a".into(), "first".into(), NOW);
        kept.old = mem::take(&mut kept.young);
        kept.keep("a".into(), "second".into(), NOW + Duration::from_secs(1));
        let found = kept.find("a").unwrap();
        assert_eq!(found.text(), "second");
        let second = Duration::from_secs(1);
        assert!(
            !found.has_come_within(second, NOW),
            "the clock was set back"
        );
        assert!(found.has_come_within(second, NOW + second));
        assert!(!found.has_come_within(second, NOW + second + second));
    }
}
