//! What a poll says of the proxy that makes it.

/// The longest name of a proxy.
const LONGEST_INSTANCE: usize = 64;
/// The longest silence that a filter's configuration allows, in seconds: seven days.
const LONGEST_STALE_AFTER: u64 = 7 * 24 * 60 * 60;

/// What a proxy says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its name for itself.
    pub instance: String,
    /// The version that all of it has applied; `None`: it does not say.
    pub applied: Option<u64>,
    /// After so much silence it refuses everybody; `None`: it never does, or has not said so.
    pub denies_after_ms: Option<u64>,
}

/// What of a report is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The name.
    #[error("`instance` must be 1 to {LONGEST_INSTANCE} visible ASCII characters")]
    Instance,
    /// The time.
    #[error("`stale_after` must be 1 to {LONGEST_STALE_AFTER} seconds, and comes with `then`")]
    StaleAfter,
    /// What happens then.
    #[error("`then` must be `deny` or `allow`")]
    Then,
}

impl Report {
    /// Reads what the query says. `stale` is `stale_after` in seconds, and `then`; filters of old
    /// say nothing of it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn read(
        instance: &str,
        applied: Option<u64>,
        stale: (Option<u64>, Option<&str>),
    ) -> Result<Self, ReportError> {
        let is_name = (1..=LONGEST_INSTANCE).contains(&instance.len())
            && instance.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name {
            return Err(ReportError::Instance);
        }
        let denies_after_ms = match stale {
            (None, None) => None,
            (Some(seconds @ 1..=LONGEST_STALE_AFTER), Some("deny")) => Some(seconds * 1_000),
            (Some(1..=LONGEST_STALE_AFTER), Some("allow")) => None,
            (Some(1..=LONGEST_STALE_AFTER), Some(_)) => return Err(ReportError::Then),
            _ => return Err(ReportError::StaleAfter),
        };
        Ok(Self {
            instance: instance.to_owned(),
            applied,
            denies_after_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_filter_says_is_taken_and_nothing_else() {
        let denies = |stale| Report::read("vm1", None, stale).map(|report| report.denies_after_ms);
        assert_eq!(denies((None, None)), Ok(None));
        assert_eq!(denies((Some(300), Some("deny"))), Ok(Some(300_000)));
        assert_eq!(denies((Some(300), Some("allow"))), Ok(None));
        for (stale, wrong) in [
            ((Some(0), Some("deny")), ReportError::StaleAfter),
            ((Some(604_801), Some("allow")), ReportError::StaleAfter),
            ((Some(300), None), ReportError::StaleAfter),
            ((None, Some("deny")), ReportError::StaleAfter),
            ((Some(300), Some("perhaps")), ReportError::Then),
        ] {
            assert_eq!(denies(stale), Err(wrong), "{stale:?}");
        }
        for name in ["", "two words", "ä", &"x".repeat(65)] {
            let read = Report::read(name, None, (None, None));
            assert_eq!(read, Err(ReportError::Instance), "{name}");
        }
    }
}
