//! Durations as people write them: a whole number and a unit.

use std::time::Duration;

/// The durations that a field accepts, as people write them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The shortest.
    pub least: &'static str,
    /// The longest.
    pub most: &'static str,
}

impl Bounds {
    /// Whether a duration is within the bounds.
    pub fn admit(self, duration: Duration) -> bool {
        parse_duration(self.least) <= Some(duration) && Some(duration) <= parse_duration(self.most)
    }
}

/// The duration of a text such as `500ms`, `2s`, `5m`, `12h`, `7d`; `None` for anything else.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    Some(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        for (text, ms) in [
            ("500ms", 500),
            ("2s", 2_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(ms)));
        }
        for bad in [
            "",
            "5",
            "m",
            "5 m",
            "-5m",
            "1.5h",
            "5M",
            "5minutes",
            "99999999999999999999d",
            "184467440737095516d",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
