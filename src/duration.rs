//! Durations as people write them, in the configurations of the filter and the control service:
//! whole numbers with a unit.

use std::time::Duration;

/// The duration of one number with a unit, such as `500ms`, `2s`, `5m`, `12h` or `7d`; `None` for
/// anything else.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
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

/// The sum of one or more durations, such as `24h`, `1h 30m` or `1h30m`; `None` for anything else.
#[must_use]
pub fn parse_combined_duration(text: &str) -> Option<Duration> {
    let mut sum = None;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let after_unit = rest.get(unit..)?;
        let end = after_unit.find(|c: char| !c.is_ascii_alphabetic());
        let end = end.map_or(rest.len(), |at| unit + at);
        let (part, after) = rest.split_at_checked(end)?;
        let before = sum.unwrap_or(Duration::ZERO);
        sum = Some(before.checked_add(parse_duration(part)?)?);
        rest = after.trim_start();
    }
    sum
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

    #[test]
    fn durations_can_be_combined() {
        for (text, seconds) in [
            ("24h", 86_400),
            ("1h 30m", 5_400),
            ("1h30m", 5_400),
            ("2d 1s", 172_801),
        ] {
            let expected = Some(Duration::from_secs(seconds));
            assert_eq!(parse_combined_duration(text), expected, "{text}");
        }
        for bad in [
            "", " ", "0", "1h 30", "h", "1h,30m", "-1h", "a day", "1h -30m", "1é",
        ] {
            assert_eq!(parse_combined_duration(bad), None, "{bad}");
        }
    }
}
