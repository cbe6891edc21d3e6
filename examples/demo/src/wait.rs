//! Waiting for what tells no one that it has happened: a file, a port, a state behind HTTP.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const PAUSE: Duration = Duration::from_millis(10);

/// Tries until an attempt gives a value.
///
/// # Errors
/// The first error of an attempt, or, after `limit`, one that names `what` was waited for.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut attempt: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt()? {
            return Ok(value);
        }
        if start.elapsed() > limit {
            bail!("waited {limit:?} for {what}");
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_ends_the_wait() {
        let mut attempts = 0;
        let value = until("three", Duration::from_secs(5), || {
            attempts += 1;
            Ok((attempts == 3).then_some(attempts))
        });
        assert_eq!(value.unwrap(), 3);
    }

    #[test]
    fn the_error_names_what_did_not_come() {
        let error = until::<()>("a miracle", Duration::ZERO, || Ok(None)).unwrap_err();
        assert!(error.to_string().contains("a miracle"));
    }
}
