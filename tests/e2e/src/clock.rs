//! A stand whose control service's clock a test moves.
//!
//! Envoy's clock cannot be moved, so a test that wants to see a session end lets the control
//! service make it in the past. That affects every test that uses the service at that time,
//! so these tests have a stand of their own and run one after the other.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::envoy::DRAIN;
use serde_json::Value;

use crate::stand::Stand;
use crate::{Application, ApplicationSettings, bootstrap, directories};

/// For how long the filter takes a token after its `exp`, since clocks differ.
pub const LEEWAY: Duration = Duration::from_secs(30);
/// What is left of a session that is about to expire: enough to sign in and to see it good.
const LEFT: Duration = Duration::from_secs(4);
/// Until such a session has surely expired.
pub const EXPIRY_LIMIT: Duration = Duration::from_secs(15);

/// A stand, and its clock.
pub struct StandWithClock {
    /// The stand.
    pub stand: Stand,
}

/// The stand with a clock; others wait until the answer is dropped.
///
/// # Errors
/// When it did not start: the same error for all who ask.
pub fn stand_with_clock() -> Result<MutexGuard<'static, StandWithClock>> {
    static STAND: LazyLock<Result<Mutex<StandWithClock>>> = LazyLock::new(|| {
        let directory = directories::of_stand("clock")?;
        let stand = Stand::start_two(&directory, DRAIN, |yaml, _| {
            bootstrap::with_quiet_listener(yaml)
        })
        .with_context(|| format!("logs are in {}", directory.display()))?;
        Ok(Mutex::new(StandWithClock { stand }))
    });
    let stand = STAND
        .as_ref()
        .map_err(|error| anyhow!("the stand with a clock did not start: {error:#}"))?;
    // A test that failed may have left the clock anywhere.
    let stand = stand.lock().unwrap_or_else(PoisonError::into_inner);
    stand.shift(0)?;
    Ok(stand)
}

impl StandWithClock {
    /// Sets the control service's clock to the machine's and so many seconds.
    ///
    /// # Errors
    /// When the control service refuses.
    pub fn shift(&self, seconds: i64) -> Result<()> {
        let seconds = seconds.to_string();
        let control = &self.stand.deployment.control;
        control.command::<Value>(&["test-clock", &seconds])?;
        Ok(())
    }

    /// A browser whose session at an application, of so long a duration, ends in a few seconds
    /// for the filter, while its global session lasts for a day.
    ///
    /// # Errors
    /// When the user does not get in.
    pub fn sign_in_about_to_expire(
        &self,
        user: &User,
        application: &Application,
        duration: Duration,
    ) -> Result<Browser> {
        let door = self.stand.application(&ApplicationSettings {
            session_duration: "24h",
            ..ApplicationSettings::default()
        })?;
        self.sign_in_before(duration + LEEWAY - LEFT, user, (&door, application))
    }

    /// A browser whose user signed in so long ago at the first of two applications, and then
    /// opened the second: the global session lasts as long as the session where it began.
    ///
    /// # Errors
    /// When the user does not get in.
    pub fn sign_in_before(
        &self,
        ago: Duration,
        user: &User,
        (door, application): (&Application, &Application),
    ) -> Result<Browser> {
        self.shift(-i64::try_from(ago.as_secs())?)?;
        let browser = self.stand.sign_in(user, door).and_then(|mut browser| {
            browser.open(&application.url("/"))?;
            Ok(browser)
        });
        self.shift(0)?;
        browser
    }
}
