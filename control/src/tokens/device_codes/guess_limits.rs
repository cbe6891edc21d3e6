//! How many wrong user codes one user and one client address may type (RFC 8628, section 5.1). Only
//! users who are signed in can try.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::system::rate_limit::{RateLimit, TooMany, network};

const WRONG_CODES_OF_A_USER: u32 = 10;
const WRONG_CODES_OF_AN_ADDRESS: u32 = 60;

/// The limits on wrong user codes.
pub struct GuessLimits {
    by_user: RateLimit,
    by_address: RateLimit,
}

/// A typed code, counted as wrong until it turns out to be right.
#[must_use = "a code that was right must be given back"]
pub struct Guess {
    user: u64,
    address: u64,
}

impl GuessLimits {
    /// Limits with nothing counted yet.
    pub fn new() -> Self {
        Self {
            by_user: RateLimit::new(WRONG_CODES_OF_A_USER),
            by_address: RateLimit::new(WRONG_CODES_OF_AN_ADDRESS),
        }
    }

    /// Counts a typed code.
    ///
    /// # Errors
    /// When there were too many. Nothing is counted then.
    pub fn guess(&self, user: &str, address: IpAddr, now: UnixMillis) -> Result<Guess, TooMany> {
        let guess = Guess {
            user: self.by_user.key(user),
            address: self.by_address.key(network(address)),
        };
        self.by_address.take(guess.address, now)?;
        if let Err(too_many) = self.by_user.take(guess.user, now) {
            self.by_address.give_back(guess.address);
            return Err(too_many);
        }
        Ok(guess)
    }

    /// Takes a right code out of the count.
    pub fn was_right(&self, guess: &Guess) {
        self.by_user.give_back(guess.user);
        self.by_address.give_back(guess.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn wrong_codes_are_limited_and_right_ones_cost_nothing() {
        let limits = GuessLimits::new();
        for _ in 0..100 {
            let guess = limits.guess("u", HERE, NOW).unwrap();
            limits.was_right(&guess);
        }
        for _ in 0..WRONG_CODES_OF_A_USER {
            assert!(limits.guess("u", HERE, NOW).is_ok());
        }
        assert!(limits.guess("u", HERE, NOW).is_err());
        assert!(limits.guess("another", HERE, NOW).is_ok());
    }

    #[test]
    fn a_user_who_is_refused_uses_up_nothing_of_the_address() {
        let limits = GuessLimits::new();
        for _ in 0..10 * WRONG_CODES_OF_AN_ADDRESS {
            let _ = limits.guess("u", HERE, NOW);
        }
        assert!(limits.guess("another", HERE, NOW).is_ok());
    }
}
