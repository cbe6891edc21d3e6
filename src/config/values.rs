//! Reads one value each; an error completes "`field` …".

use std::time::Duration;

use serde_json::Value;

use super::bounds::Bounds;
use crate::duration::parse_duration;
use crate::protocol::audience::is_audience;
use crate::protocol::origin::{Origin, is_loopback};

/// An origin for which browsers accept `Secure` cookies: `https`, or `http` on this machine.
pub(super) fn origin(value: &Value) -> Result<Origin, String> {
    let text = value
        .as_str()
        .ok_or("must be a URL such as https://team.example.com")?;
    let origin: Origin = text.parse().map_err(|error| format!("{error}"))?;
    if origin.is_https() || is_loopback(origin.hostname()) {
        Ok(origin)
    } else {
        Err("must begin with https:// (http:// is for localhost only)".to_owned())
    }
}

/// A non-empty string of visible ASCII.
pub(super) fn visible_text(value: &Value) -> Result<String, String> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
        .ok_or_else(|| "must be a string of visible ASCII characters without spaces".to_owned())
}

/// A duration within bounds.
pub(super) fn duration(value: &Value, bounds: Bounds) -> Result<Duration, String> {
    let text = value.as_str().filter(|text| !text.is_empty());
    let parsed = text.and_then(parse_duration).ok_or_else(|| {
        "must be a whole number with a unit (ms, s, m, h or d), such as 90s or 5m".to_owned()
    })?;
    if bounds.admit(parsed) {
        Ok(parsed)
    } else {
        Err(format!("must be from {} to {}", bounds.least, bounds.most))
    }
}

/// A whole number from 1 to `most`. Envoy writes every number as a floating-point number.
pub(super) fn number(value: &Value, most: usize) -> Result<usize, String> {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0);
    // Formatted without an exponent, and without a fraction of 0.
    let number = whole.and_then(|number| number.to_string().parse().ok());
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("must be a whole number from 1 to {most}"))
}

/// One of several words.
pub(super) fn choice<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T, String> {
    choices
        .iter()
        .find(|(word, _)| value.as_str() == Some(word))
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            format!("must be {}", words.join(" or "))
        })
}

/// A field of which only one value is supported so far.
pub(super) fn not_yet(value: &Value, works: &str, planned: &[&str]) -> Result<(), String> {
    match value.as_str() {
        Some(word) if word == works => Ok(()),
        Some(word) if planned.contains(&word) => {
            Err(format!("must be {works}: {word} is not supported yet"))
        }
        _ => Err(format!("must be {works}")),
    }
}

/// A list of audiences.
pub(super) fn audiences(value: &Value) -> Result<Vec<String>, String> {
    let audience = |value: &Value| {
        value
            .as_str()
            .filter(|text| is_audience(text))
            .map(str::to_owned)
    };
    value
        .as_array()
        .and_then(|list| list.iter().map(audience).collect())
        .ok_or_else(|| {
            "must be a list of audiences, each a string of 64 lower-case hex digits".to_owned()
        })
}
