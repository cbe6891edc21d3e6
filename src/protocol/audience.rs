//! Audiences: the fixed tags of applications, `aud` of their tokens.

/// How many hex digits an audience has.
const DIGITS: usize = 64;

/// Whether a text is an audience: 64 lower-case hex digits.
#[must_use]
pub fn is_audience(text: &str) -> bool {
    text.len() == DIGITS
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::is_audience;

    #[test]
    fn an_audience_has_64_lower_case_hex_digits() {
        assert!(is_audience(&"0a".repeat(32)));
        for bad in ["", &"0a".repeat(31), &"0A".repeat(32), &"0g".repeat(32)] {
            assert!(!is_audience(bad), "{bad}");
        }
    }
}
