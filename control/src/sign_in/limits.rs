//! How often sign-ins may fail.
//!
//! An attempt is counted before the password is checked, so that parallel guesses count, and given
//! back if no wrong password was checked. Right passwords have a limit of their own: each takes the
//! same work.
//!
//! Strangers share one allowance for each e-mail address, whether or not an account has it, and
//! wait longer with every failure. So nobody can try many passwords, from however many addresses.
//! It must not shut out the account's owner: a browser in which the user signed in before, and each
//! network that the user came from, have allowances of their own. What is tried from such a network
//! counts for strangers as well: the number of tries must not tell whether there is an account.

use std::net::IpAddr;

use portcullis::time::UnixMillis;

use crate::config::settings::SignInConfig;
use crate::system::backoff::Backoff;
use crate::system::rate_limit::{RateLimit, TooMany, network};

/// The cells of what strangers can fill. More than passwords can be checked in [`LONGEST`]: so
/// strangers who try many addresses cannot make all others wait.
///
/// [`LONGEST`]: crate::system::backoff::LONGEST
const CELLS_OF_STRANGERS: usize = 1 << 18;
const CELLS_OF_OWNERS: usize = 1 << 14;
/// How often a minute the right password of one address may be checked. More than can wait for a
/// check, so that strangers cannot use it up with wrong ones that are being checked.
const RIGHT_PER_MINUTE: u32 = 300;

/// The limits on failed sign-ins.
pub struct SignInLimits {
    by_email: Backoff,
    by_browser: Backoff,
    by_network: Backoff,
    by_address: RateLimit,
    right_by_email: RateLimit,
}

/// An attempt to sign in.
#[derive(Debug, Clone, Copy)]
pub struct Tried<'a> {
    /// The e-mail address, in its normal form; `None` if what was typed is none.
    pub email: Option<&'a str>,
    /// The client's address.
    pub address: IpAddr,
    /// What is known about the client, if the account exists.
    pub known: Known<'a>,
}

/// What distinguishes a client from strangers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The user, and the id of a browser in which they signed in before.
    pub browser: Option<(&'a str, &'a str)>,
    /// The user, and a network from which they signed in before.
    pub network: Option<(&'a str, &'a str)>,
}

/// An attempt that was counted.
#[must_use = "an attempt must be settled"]
pub struct Attempt {
    allowance: Allowance,
    address: Option<u64>,
    right: u64,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The password is right.
    Right,
    /// It is wrong.
    Wrong,
    /// It was not checked.
    Unchecked,
}

#[derive(Debug, Clone, Copy)]
enum Allowance {
    Browser(u64),
    /// Of a network, and of strangers unless they had none left.
    Network(u64, Option<u64>),
    Strangers(u64),
    /// What is no address has no account to guess for.
    NoAddress,
}

impl Attempt {
    /// Whether the user signed in before in the same browser or network.
    #[must_use]
    pub fn is_known(&self) -> bool {
        match self.allowance {
            Allowance::Browser(_) | Allowance::Network(..) => true,
            Allowance::Strangers(_) | Allowance::NoAddress => false,
        }
    }
}

impl SignInLimits {
    /// The limits that the configuration says.
    #[must_use]
    pub fn new(config: SignInConfig) -> Self {
        let owners = || Backoff::new(config.failures_per_email, CELLS_OF_OWNERS);
        Self {
            by_email: Backoff::new(config.failures_per_email, CELLS_OF_STRANGERS),
            by_browser: owners(),
            by_network: owners(),
            by_address: RateLimit::new(config.failures_per_address),
            right_by_email: RateLimit::new(RIGHT_PER_MINUTE),
        }
    }

    /// Counts an attempt. An allowance that is used up leaves the next one: a stolen cookie of a
    /// browser cannot shut out its owner either.
    ///
    /// # Errors
    /// When there were too many. Nothing is counted then.
    pub fn attempt(&self, tried: &Tried<'_>, now: UnixMillis) -> Result<Attempt, TooMany> {
        let right = self.right_by_email.key(tried.email);
        self.right_by_email.take(right, now)?;
        let counted = self.count(tried, now);
        if counted.is_err() {
            self.right_by_email.give_back(right);
        }
        let (allowance, address) = counted?;
        Ok(Attempt {
            allowance,
            address,
            right,
        })
    }

    /// Counts an attempt as a failure, also of the client's address if that is returned.
    fn count(
        &self,
        tried: &Tried<'_>,
        now: UnixMillis,
    ) -> Result<(Allowance, Option<u64>), TooMany> {
        let mut refused: Option<TooMany> = None;
        if let Some(browser) = tried.known.browser {
            let key = self.by_browser.key(browser);
            match self.by_browser.take(key, now) {
                // Others behind the same address cannot shut out the browser.
                Ok(()) => return Ok((Allowance::Browser(key), None)),
                Err(too_many) => refused = Some(too_many),
            }
        }
        let address = self.by_address.key(network(tried.address));
        let allowance = self.by_address.take(address, now).and_then(|()| {
            let allowance = self.without_browser(tried, now);
            if allowance.is_err() {
                self.by_address.give_back(address);
            }
            allowance
        });
        match allowance {
            Ok(allowance) => Ok((allowance, Some(address))),
            Err(too_many) => Err(sooner(refused, too_many)),
        }
    }

    fn without_browser(&self, tried: &Tried<'_>, now: UnixMillis) -> Result<Allowance, TooMany> {
        let Some(email) = tried.email else {
            return Ok(Allowance::NoAddress);
        };
        let key = self.by_email.key(email);
        let strangers = self.by_email.take(key, now).map(|()| key);
        let Some(network) = tried.known.network else {
            return strangers.map(Allowance::Strangers);
        };
        // Both count, so that a neighbour has as many tries as for an address without an account.
        let network = self.by_network.key(network);
        match (self.by_network.take(network, now), strangers) {
            (Ok(()), strangers) => Ok(Allowance::Network(network, strangers.ok())),
            (Err(_), Ok(key)) => Ok(Allowance::Strangers(key)),
            (Err(one), Err(other)) => Err(sooner(Some(one), other)),
        }
    }

    /// Takes out of the counts what an attempt was not.
    pub fn settle(&self, attempt: &Attempt, outcome: Outcome, now: UnixMillis) {
        if outcome != Outcome::Right {
            self.right_by_email.give_back(attempt.right);
        }
        if outcome != Outcome::Wrong {
            self.was_no_failure(attempt, now);
        }
    }

    fn was_no_failure(&self, attempt: &Attempt, now: UnixMillis) {
        match attempt.allowance {
            Allowance::Browser(key) => self.by_browser.give_back(key, now),
            Allowance::Network(key, strangers) => {
                self.by_network.give_back(key, now);
                if let Some(key) = strangers {
                    self.by_email.give_back(key, now);
                }
            }
            Allowance::Strangers(key) => self.by_email.give_back(key, now),
            Allowance::NoAddress => {}
        }
        if let Some(address) = attempt.address {
            self.by_address.give_back(address);
        }
    }
}

fn sooner(one: Option<TooMany>, other: TooMany) -> TooMany {
    match one {
        Some(one) if one.retry_after < other.retry_after => one,
        _ => other,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000_000_000);
    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limits(failures_per_email: u32, failures_per_address: u32) -> SignInLimits {
        SignInLimits::new(SignInConfig {
            passwords: true,
            failures_per_email,
            failures_per_address,
        })
    }

    fn from<'a>(email: &'a str, address: &str) -> Tried<'a> {
        Tried {
            email: Some(email),
            address: address.parse().unwrap(),
            known: Known::default(),
        }
    }

    fn here(email: &str) -> Tried<'_> {
        Tried {
            email: Some(email),
            address: HERE,
            known: Known::default(),
        }
    }

    #[test]
    fn failures_of_one_email_are_limited() {
        let limits = limits(3, 100);
        for _ in 0..3 {
            assert!(limits.attempt(&here("a@b"), NOW).is_ok());
        }
        let refused = limits.attempt(&here("a@b"), NOW).err().unwrap();
        assert_eq!(refused.retry_after, Duration::from_secs(20));
        let then = NOW + refused.retry_after;
        assert!(limits.attempt(&here("a@b"), then).is_ok());
        let again = limits.attempt(&here("a@b"), then).err().unwrap();
        assert_eq!(again.retry_after, Duration::from_secs(40));
    }

    #[test]
    fn only_wrong_passwords_are_failures() {
        let limits = limits(1, 1);
        for outcome in [Outcome::Right, Outcome::Unchecked].repeat(25) {
            let attempt = limits.attempt(&here("a@b"), NOW).unwrap();
            limits.settle(&attempt, outcome, NOW);
        }
    }

    #[test]
    fn right_passwords_of_one_user_are_limited() {
        let limits = limits(1_000_000, 1_000_000);
        let mut tried = here("a@b");
        tried.known.browser = Some(("ana", "browser"));
        let settle = |outcome| {
            let attempt = limits.attempt(&tried, NOW)?;
            limits.settle(&attempt, outcome, NOW);
            Ok(())
        };
        for outcome in [Outcome::Wrong, Outcome::Unchecked] {
            for _ in 0..2 * RIGHT_PER_MINUTE {
                assert_eq!(settle(outcome), Ok(()));
            }
        }
        for _ in 0..RIGHT_PER_MINUTE {
            assert_eq!(settle(Outcome::Right), Ok(()));
        }
        let refused: TooMany = settle(Outcome::Right).unwrap_err();
        let later = NOW + refused.retry_after;
        assert!(limits.attempt(&tried, later).is_ok());
        assert!(limits.attempt(&here("c@d"), NOW).is_ok());
    }

    #[test]
    fn a_refusal_by_one_limit_takes_nothing_of_the_other() {
        let limits = limits(1, 3);
        assert!(limits.attempt(&here("a@b"), NOW).is_ok());
        for _ in 0..50 {
            assert!(limits.attempt(&here("a@b"), NOW).is_err());
        }
        assert!(limits.attempt(&here("c@d"), NOW).is_ok());
        assert!(limits.attempt(&here("e@f"), NOW).is_ok());
        assert!(limits.attempt(&here("g@h"), NOW).is_err(), "the address");
        assert!(limits.attempt(&from("g@h", "192.0.2.1"), NOW).is_ok());
    }

    #[test]
    fn strangers_use_up_nothing_of_a_known_browser_or_network() {
        let limits = limits(3, 5);
        let strangers = |limits: &SignInLimits| {
            for last in 0..100 {
                let address = format!("192.0.2.{last}");
                let _ = limits.attempt(&from("a@b", &address), NOW);
            }
            assert!(limits.attempt(&from("a@b", "192.0.2.200"), NOW).is_err());
        };
        let mut browser = here("a@b");
        browser.known.browser = Some(("ana", "browser"));
        let mut network = here("a@b");
        network.known.network = Some(("ana", "127.0.0.0/24"));
        for tried in [browser, network] {
            for _ in 0..3 {
                strangers(&limits);
                let attempt = limits.attempt(&tried, NOW).unwrap();
                assert!(attempt.is_known());
            }
            assert!(limits.attempt(&tried, NOW).is_err(), "three were wrong");
        }
    }

    #[test]
    fn a_neighbour_of_the_owner_has_as_many_tries_as_for_no_account() {
        let limits = limits(3, 1_000);
        let mut known = here("a@b");
        known.known.network = Some(("ana", "127.0.0.0/24"));
        let unknown = here("c@d");
        // Those that are free, and those between the waits.
        for seconds in (0..600).step_by(5) {
            let now = NOW + Duration::from_secs(seconds);
            for _ in 0..2 {
                let tries = [known, unknown].map(|tried| limits.attempt(&tried, now).map(|_| ()));
                assert_eq!(tries[0], tries[1], "{seconds}");
            }
        }
        // What was no failure is given back to both.
        let later = NOW + Duration::from_secs(10 * 3_600);
        for _ in 0..50 {
            let attempt = limits.attempt(&known, later).unwrap();
            limits.settle(&attempt, Outcome::Right, later);
        }
        known.known = Known::default();
        for _ in 0..3 {
            assert!(limits.attempt(&known, later).is_ok());
        }
    }

    #[test]
    fn what_is_no_address_counts_for_the_client_alone() {
        let limits = limits(1, 3);
        let mut tried = here("");
        tried.email = None;
        for _ in 0..3 {
            assert!(limits.attempt(&tried, NOW).is_ok());
        }
        assert!(limits.attempt(&tried, NOW).is_err(), "of this client");
        tried.address = "192.0.2.1".parse().unwrap();
        assert!(limits.attempt(&tried, NOW).is_ok());
    }

    #[test]
    fn the_neighbours_of_a_known_browser_cannot_shut_it_out() {
        let limits = limits(3, 5);
        for number in 0..50 {
            let email = format!("{number}@b");
            let _ = limits.attempt(&here(&email), NOW);
        }
        let mut tried = here("a@b");
        assert!(limits.attempt(&tried, NOW).is_err());
        tried.known.browser = Some(("ana", "browser"));
        assert!(limits.attempt(&tried, NOW).is_ok());
    }

    #[test]
    fn a_stolen_cookie_of_a_browser_buys_only_an_allowance() {
        let limits = limits(3, 100);
        let mut thief = from("a@b", "192.0.2.1");
        thief.known.browser = Some(("ana", "browser"));
        let mut owner = here("a@b");
        owner.known = Known {
            network: Some(("ana", "127.0.0.0/24")),
            ..thief.known
        };
        let tries = (0..1_000).filter(|_| limits.attempt(&thief, NOW).is_ok());
        assert_eq!(tries.count(), 6, "the browser's and the strangers'");
        assert!(limits.attempt(&owner, NOW).is_ok(), "by the network");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_client() {
        let limits = limits(100, 1);
        assert!(limits.attempt(&from("a@b", "2001:db8::1"), NOW).is_ok());
        assert!(limits.attempt(&from("c@d", "2001:db8::2"), NOW).is_err());
        assert!(limits.attempt(&from("e@f", "2001:db8:0:1::1"), NOW).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_no_user_out() {
        let limits = limits(2, 100);
        assert!(limits.attempt(&here("a@b"), NOW).is_ok());
        let before = NOW - Duration::from_secs(500_000);
        assert!(limits.attempt(&here("a@b"), before).is_ok());
    }
}
