//! What a poll says about the proxy that sends it.

use std::net::IpAddr;
use std::time::Duration;

use crate::storage::NodeProcess;

/// The longest name of a proxy.
const LONGEST_INSTANCE: usize = 64;
/// The longest name of a node. Filters hash longer ones.
const LONGEST_NODE: usize = 256;
/// The longest `when_stale.after` that a filter's configuration allows, in seconds: seven days.
const LONGEST_STALE_AFTER: u64 = 7 * 24 * 60 * 60;

/// The sender of a poll.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The id of its filter credential.
    pub credential: &'a str,
    /// Its address.
    pub address: IpAddr,
}

/// What a poll says about the proxy's behaviour when its feed is stale; filters of old versions say
/// nothing.
#[derive(Debug, Clone, Copy)]
pub struct StaleReport<'a> {
    /// After how many seconds without a poll the feed is stale.
    pub after_seconds: Option<u64>,
    /// `deny` or `allow`.
    pub then: Option<&'a str>,
}

/// What a proxy says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its name for itself.
    pub instance: String,
    /// The version that all its workers have applied; `None` if it does not say.
    pub applied: Option<u64>,
    /// After how long without a poll it denies every request; `None` if it never does, or does not
    /// say.
    pub denies_after: Option<Duration>,
    /// The node and the process that it runs in, if it says.
    pub process: Option<NodeProcess>,
}

/// Which part of a report is invalid.
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
    /// The node or the process.
    #[error(
        "`node` must be 1 to {LONGEST_NODE} and `process` 1 to {LONGEST_INSTANCE} visible ASCII \
         characters, and both come together"
    )]
    Node,
}

impl Report {
    /// The report in a poll's query.
    ///
    /// # Errors
    /// The first part that is invalid.
    pub fn read(
        instance: &str,
        applied: Option<u64>,
        stale: StaleReport<'_>,
    ) -> Result<Self, ReportError> {
        if !is_name(instance, LONGEST_INSTANCE) {
            return Err(ReportError::Instance);
        }
        let denies_after = match (stale.after_seconds, stale.then) {
            (None, None) => None,
            (Some(seconds @ 1..=LONGEST_STALE_AFTER), Some("deny")) => {
                Some(Duration::from_secs(seconds))
            }
            (Some(1..=LONGEST_STALE_AFTER), Some("allow")) => None,
            (Some(1..=LONGEST_STALE_AFTER), Some(_)) => return Err(ReportError::Then),
            _ => return Err(ReportError::StaleAfter),
        };
        Ok(Self {
            instance: instance.to_owned(),
            applied,
            denies_after,
            process: None,
        })
    }

    /// The same with node and process, which filters of old versions do not say.
    ///
    /// # Errors
    /// [`ReportError::Node`].
    pub fn of_process(
        mut self,
        node: Option<&str>,
        process: Option<&str>,
    ) -> Result<Self, ReportError> {
        self.process = match (node, process) {
            (None, None) => None,
            (Some(node), Some(process))
                if is_name(node, LONGEST_NODE) && is_name(process, LONGEST_INSTANCE) =>
            {
                Some(NodeProcess {
                    node: node.to_owned(),
                    process: process.to_owned(),
                })
            }
            _ => return Err(ReportError::Node),
        };
        Ok(self)
    }
}

fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_reports_are_accepted() {
        let denies = |(after_seconds, then)| {
            let stale = StaleReport {
                after_seconds,
                then,
            };
            Report::read("vm1", None, stale).map(|report| report.denies_after)
        };
        assert_eq!(denies((None, None)), Ok(None));
        assert_eq!(
            denies((Some(300), Some("deny"))),
            Ok(Some(Duration::from_secs(300)))
        );
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
            let stale = StaleReport {
                after_seconds: None,
                then: None,
            };
            let read = Report::read(name, None, stale);
            assert_eq!(read, Err(ReportError::Instance), "{name}");
        }
    }
}
