//! Texts that may stand in YAML.

/// A text as YAML takes it between double quotes: a JSON string is one (YAML 1.2, section 1.3).
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text for a comment: nothing in it ends the line (YAML 1.2, section 5.4, and the line breaks of
/// older versions).
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}
