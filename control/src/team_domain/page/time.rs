//! Times on pages: in UTC, because a page without scripts does not know the reader's time zone. A
//! script shows them in it.

use std::time::{Duration, UNIX_EPOCH};

use portcullis::time::UnixSeconds;

/// A time as text, for people and for programs.
pub struct ShownTime {
    /// To the minute.
    pub text: String,
    /// For `datetime` of a `time` element.
    pub machine: String,
}

impl ShownTime {
    /// A moment.
    pub fn at(moment: UnixSeconds) -> Self {
        let machine = machine(moment);
        let minutes: String = machine.chars().take("2026-01-02T03:04".len()).collect();
        Self {
            text: format!("{} UTC", minutes.replace('T', " ")),
            machine,
        }
    }
}

/// The time of day, to the second.
pub fn clock(moment: UnixSeconds) -> String {
    let machine = machine(moment);
    let time = machine.split('T').nth(1).unwrap_or_default();
    time.replace('Z', " UTC")
}

/// The date.
pub fn day(moment: UnixSeconds) -> String {
    machine(moment).chars().take("2026-01-02".len()).collect()
}

fn machine(moment: UnixSeconds) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(moment.get());
    humantime::format_rfc3339_seconds(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_to_the_minute() {
        let moment = UnixSeconds::new(1_795_450_380);
        let shown = ShownTime::at(moment);
        assert_eq!(shown.text, "2026-11-23 16:13 UTC");
        assert_eq!(shown.machine, "2026-11-23T16:13:00Z");
        assert_eq!(clock(moment), "16:13:00 UTC");
        assert_eq!(day(moment), "2026-11-23");
    }
}
