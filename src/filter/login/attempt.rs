//! A login attempt: from the filter's redirect to the team domain until the callback.
//!
//! The attempt's secret stays in the browser's cookie. `state` and `code_verifier` are derived from
//! it, and neither reveals the other or the secret.
//!
//! Each attempt has a cookie of its own, which its callback removes. Tabs that are restored at once
//! send no cookie, so a secret that attempts share would be overwritten by each of the answers; and
//! a `state` works once only if the end of one attempt is not the end of the others. So the cookie
//! is small instead: 64 of them take about 4 KB.

use std::time::Duration;

use subtle::ConstantTimeEq;

use crate::application::Placement;
use crate::filter::event::Random;
use crate::names::ATTEMPT_COOKIE_PREFIX;
use crate::protocol::base64url;
use crate::protocol::login::{ATTEMPT_LIFETIME, LOGIN_PATH, STATE_OF_FRAME, challenge};
use crate::reply::{percent_encode, set_cookie};
use crate::request::{Head, cookies};
use crate::time::UnixSeconds;

/// How many attempts a browser may have at once on one host. One that is removed begins again at
/// its callback.
const MAX_ATTEMPTS: usize = 64;
const ID_CHARACTERS: usize = 8;
/// RFC 6749, section 10.10: an attacker's chance to guess a value should be at most 2^-160.
const SECRET_BYTES: usize = 20;
/// What follows the id in the `state` of an attempt that began because an earlier one could not be
/// finished.
const AGAIN: &str = ".again.";

/// What led to an attempt. The callback depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// The user, or a page of this site.
    Here,
    /// A link or page of another site.
    AnotherSite,
    /// A script in a page of this origin: the user is not prompted (`prompt=none`, OpenID Connect
    /// Core 1.0, section 3.1.2.1).
    Silent,
    /// A frame of this site: the user is not prompted there, but is told to sign in in a window.
    Frame,
    /// A window that a frame opened: it reports to the frame.
    Window,
    /// A frame whose cookies are its own, so that no window could bring it a session. The window
    /// brings it the code.
    FrameWithWindow,
}

/// A login attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    id: String,
    secret: [u8; SECRET_BYTES],
    start: UnixSeconds,
    beginning: Beginning,
    is_again: bool,
}

impl Attempt {
    /// Begins an attempt, remembering what led to it.
    pub fn begin(random: &mut dyn Random, now: UnixSeconds, beginning: Beginning) -> Self {
        let mut id = [0; 4];
        let mut secret = [0; SECRET_BYTES];
        random.fill(&mut id);
        random.fill(&mut secret);
        let id = id.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            id,
            secret,
            start: now,
            beginning,
            is_again: false,
        }
    }

    /// The same attempt, begun because an earlier one could not be finished, or not.
    #[must_use]
    pub fn again(self, is_again: bool) -> Self {
        Self { is_again, ..self }
    }

    /// Whether it was begun because an earlier one could not be finished. Such an attempt does not
    /// begin another by itself, or a browser without cookies would go in circles.
    #[must_use]
    pub fn is_again(&self) -> bool {
        self.is_again
    }

    /// What the `state` of an attempt that this browser does not know says about that. Whoever
    /// forges it only makes the browser stop at a page.
    #[must_use]
    pub fn unverified_is_again(state: &str) -> bool {
        state
            .get(ID_CHARACTERS..)
            .is_some_and(|rest| rest.starts_with(AGAIN))
    }

    /// The attempts that a browser has open, oldest first.
    #[must_use]
    pub fn open(head: Head<'_>, now: UnixSeconds) -> Vec<Self> {
        let mut attempts: Vec<_> = cookies::with_prefix(head, ATTEMPT_COOKIE_PREFIX)
            .filter_map(|(id, value)| Self::parse(id, value))
            .filter(|attempt| attempt.start.abs_diff(now) <= ATTEMPT_LIFETIME)
            .collect();
        attempts.sort_by_key(|attempt| attempt.start);
        attempts
    }

    fn parse(id: &[u8], value: &[u8]) -> Option<Self> {
        let id = std::str::from_utf8(id).ok()?;
        let hex = id
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let value = std::str::from_utf8(value).ok()?;
        let (letter, value) = value.split_at_checked(1)?;
        let (again, value) = value.split_at_checked(1)?;
        let bytes = base64url::decode(value.as_bytes())?;
        let (start, secret) = bytes.split_first_chunk()?;
        if id.len() != ID_CHARACTERS || !hex {
            return None;
        }
        Some(Self {
            id: id.to_owned(),
            secret: secret.try_into().ok()?,
            start: UnixSeconds::new(u32::from_be_bytes(*start).into()),
            beginning: Beginning::of_letter(letter)?,
            is_again: match again {
                "0" => false,
                "1" => true,
                _ => return None,
            },
        })
    }

    /// The name of its cookie.
    #[must_use]
    pub fn cookie_name(&self) -> String {
        format!("{ATTEMPT_COOKIE_PREFIX}{}", self.id)
    }

    /// Letter, digit, and 24 bytes in base64url: when it began, and its secret.
    fn cookie_value(&self) -> String {
        let start = u32::try_from(self.start.get()).unwrap_or(u32::MAX);
        let bytes = [&start.to_be_bytes()[..], &self.secret].concat();
        let (letter, again) = (self.beginning.letter(), u8::from(self.is_again));
        format!("{letter}{again}{}", base64url::encode(&bytes))
    }

    /// What led to this attempt.
    #[must_use]
    pub fn beginning(&self) -> Beginning {
        self.beginning
    }

    /// The `state` of the attempt at an application.
    #[must_use]
    pub fn state(&self, audience: &str) -> String {
        let mac = hmac_sha256::HMAC::mac(["state", audience].concat(), self.secret);
        let dot = if self.is_again { AGAIN } else { "." };
        let of_frame = match self.beginning {
            // The window does not have the attempt.
            Beginning::FrameWithWindow => STATE_OF_FRAME,
            _ => "",
        };
        format!("{}{dot}{}{of_frame}", self.id, base64url::encode(&mac))
    }

    /// Whether a `state` is this attempt's at an application, in constant time but for the id.
    #[must_use]
    pub fn has_state(&self, state: &str, audience: &str) -> bool {
        if !state.starts_with(&self.id) {
            return false;
        }
        self.state(audience)
            .as_bytes()
            .ct_eq(state.as_bytes())
            .into()
    }

    /// The verifier of the exchange (RFC 7636).
    #[must_use]
    pub fn code_verifier(&self) -> String {
        base64url::encode(&hmac_sha256::HMAC::mac("verifier", self.secret))
    }

    /// Where the team domain begins the sign-in.
    #[must_use]
    pub fn login_location(
        &self,
        team_domain: &str,
        placement: &Placement,
        return_to: &str,
    ) -> String {
        let audience = &placement.application.audience;
        let origin = placement.location.origin.to_string();
        let (origin, return_to) = (
            percent_encode(origin.as_bytes()),
            percent_encode(return_to.as_bytes()),
        );
        let (state, challenge) = (self.state(audience), challenge(&self.code_verifier()));
        let prompt = match self.beginning {
            Beginning::Silent | Beginning::Frame => "&prompt=none",
            // OpenID Connect Core 1.0, section 3.1.2.1.
            Beginning::Window | Beginning::FrameWithWindow => "&display=popup",
            Beginning::Here | Beginning::AnotherSite => "",
        };
        format!(
            "{team_domain}{LOGIN_PATH}?app={audience}&origin={origin}&return_to={return_to}\
             &state={state}&code_challenge={challenge}{prompt}"
        )
    }

    /// The `set-cookie` value that ends the attempt.
    #[must_use]
    pub fn clear_cookie(&self) -> String {
        let name = self.cookie_name();
        match self.beginning {
            Beginning::FrameWithWindow => set_cookie::login_in_frame(&name, "", Duration::ZERO),
            _ => set_cookie::clear_login(&name),
        }
    }

    /// The `set-cookie` values that begin the attempt: its own, and the removal of the oldest
    /// that would be too many.
    #[must_use]
    pub fn set_cookies(&self, open: &[Self]) -> Vec<String> {
        let too_many = (open.len() + 1).saturating_sub(MAX_ATTEMPTS);
        let (name, value) = (self.cookie_name(), self.cookie_value());
        let mut values = vec![match self.beginning {
            Beginning::FrameWithWindow => {
                set_cookie::login_in_frame(&name, &value, ATTEMPT_LIFETIME)
            }
            _ => set_cookie::login(&name, &value, ATTEMPT_LIFETIME),
        }];
        values.extend(open.iter().take(too_many).map(Self::clear_cookie));
        values
    }
}

impl Beginning {
    /// Whether the user signs in in a window that a frame opened.
    pub fn has_window(self) -> bool {
        matches!(self, Self::Window | Self::FrameWithWindow)
    }

    fn letter(self) -> &'static str {
        match self {
            Self::Here => "s",
            Self::AnotherSite => "x",
            Self::Silent => "n",
            Self::Frame => "f",
            Self::Window => "w",
            Self::FrameWithWindow => "p",
        }
    }

    fn of_letter(letter: &str) -> Option<Self> {
        let all = [
            Self::Here,
            Self::AnotherSite,
            Self::Silent,
            Self::Frame,
            Self::Window,
            Self::FrameWithWindow,
        ];
        all.into_iter().find(|one| one.letter() == letter)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::request::tests::with_head;

    /// Bytes that count up.
    pub struct Counting(pub u8);

    impl Random for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    fn cookie(attempt: &Attempt) -> String {
        format!("{}={}", attempt.cookie_name(), attempt.cookie_value())
    }

    #[test]
    fn an_attempt_comes_back_from_its_cookie() {
        for beginning in [
            Beginning::Here,
            Beginning::Silent,
            Beginning::Frame,
            Beginning::Window,
        ] {
            let line = cookie(&Attempt::begin(
                &mut Counting(1),
                UnixSeconds::new(1_000),
                beginning,
            ));
            with_head(&[("cookie", &line)], |head| {
                assert_eq!(
                    Attempt::open(head, UnixSeconds::new(1_000))[0].beginning(),
                    beginning
                );
            });
        }
        let attempt = Attempt::begin(
            &mut Counting(1),
            UnixSeconds::new(1_000),
            Beginning::AnotherSite,
        );
        assert_eq!(attempt.cookie_name(), "__Host-access_login_01020304");
        let line = cookie(&attempt);
        let open = |now| {
            with_head(&[("cookie", &line)], |head| {
                Attempt::open(head, UnixSeconds::new(now))
            })
        };
        assert!(open(1_600) == vec![attempt.clone()] && open(1_601).is_empty());
        let state = attempt.state("aud");
        assert!(state.starts_with("01020304.") && attempt.has_state(&state, "aud"));
        assert!(!attempt.has_state(&state, "other") && !attempt.has_state("", "aud"));
        assert_ne!(attempt.code_verifier(), state[9..]);
        assert_eq!(attempt.code_verifier().len(), 43);
    }

    #[test]
    fn anything_else_is_no_attempt() {
        let good = base64url::encode(&[&1_000_u32.to_be_bytes()[..], &[1; SECRET_BYTES]].concat());
        let opens = |line: &str| {
            with_head(&[("cookie", line)], |head| {
                !Attempt::open(head, UnixSeconds::new(1_000)).is_empty()
            })
        };
        assert!(opens(&format!("__Host-access_login_01020304=s0{good}")));
        let long = "1".repeat(32);
        for line in [
            format!("__Host-access_login_0102030=s0{good}"),
            format!("__Host-access_login_0102030G=s0{good}"),
            format!("__Host-access_login_01020304=y0{good}"),
            format!("__Host-access_login_01020304=s2{good}"),
            format!("__Host-access_login_01020304=s{good}"),
            format!("__Host-access_login_01020304=s0{good}AAAA"),
            format!("__Host-access_login_01020304=s0{}", &good[4..]),
            format!("__Host-access_login_01020304=s0{}\u{e9}", &good[2..]),
            // As it was written before.
            format!("__Host-access_login_01020304=1000.s.{long}"),
            "__Host-access_login_=1000".to_owned(),
            "__Host-access_login_01020304=".to_owned(),
        ] {
            assert!(!opens(&line), "{line}");
        }
    }

    #[test]
    fn an_attempt_that_begins_again_says_so_in_its_cookie_and_its_state() {
        let now = UnixSeconds::new(1_000);
        let first = Attempt::begin(&mut Counting(1), now, Beginning::Here);
        let again = first.clone().again(true);
        let line = cookie(&again);
        let read = with_head(&[("cookie", &line)], |head| Attempt::open(head, now));
        assert!(read[0].is_again() && read[0] == again);
        for (attempt, says_again) in [(&first, false), (&again, true)] {
            let state = attempt.state("aud");
            assert_eq!(Attempt::unverified_is_again(&state), says_again, "{state}");
        }
        // It can neither be added nor taken away.
        let state = again.state("aud");
        assert!(again.has_state(&state, "aud") && !first.has_state(&state, "aud"));
        assert!(!again.has_state(&first.state("aud"), "aud"));
        for other in [
            "",
            "x",
            "\u{e9}\u{e9}\u{e9}x\u{e9}.again.",
            "0102.again.0304",
        ] {
            assert!(!Attempt::unverified_is_again(other), "{other}");
        }
    }

    #[test]
    fn the_cookies_of_all_attempts_take_about_four_kilobytes() {
        let attempt = Attempt::begin(&mut Counting(1), UnixSeconds::new(1_000), Beginning::Here);
        let bytes = MAX_ATTEMPTS * (cookie(&attempt).len() + "; ".len());
        assert!(bytes <= 4_200, "{bytes}");
    }

    #[test]
    fn one_attempt_too_many_removes_the_oldest() {
        let open: Vec<_> = (0..64)
            .map(|i| {
                let start = UnixSeconds::new(1_000 + u64::from(i));
                Attempt::begin(&mut Counting(i * 3), start, Beginning::Here)
            })
            .collect();
        let last = Attempt::begin(&mut Counting(250), UnixSeconds::new(2_000), Beginning::Here);
        let values = last.set_cookies(&open);
        assert_eq!(values.len(), 2);
        assert!(
            values[1].starts_with(&format!("{}=;", open[0].cookie_name())),
            "{}",
            values[1]
        );
        assert_eq!(last.set_cookies(&open[1..]).len(), 1);
    }
}
