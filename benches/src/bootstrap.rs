//! Envoy's bootstraps: the frame that all contenders share, and in it what each brings.

use anyhow::{Context, Result};
use serde_json::{Value, json};

const FRAME: &str = include_str!("../envoy/frame.yaml");
const LISTENER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

/// Words between @ signs, without them, and what stands for each.
pub type Words<'a> = [(&'a str, String)];

/// The bootstrap of a contender, whose file is `part`.
///
/// # Errors
/// When a file does not read, or the frame has no place for it.
pub fn render(part: &str, words: &Words<'_>) -> Result<String> {
    let part: Value = serde_saphyr::from_str(&fill(part, words))?;
    let mut frame: Value = serde_saphyr::from_str(FRAME)?;
    let filters = frame
        .pointer_mut(&format!("{LISTENER}/http_filters"))
        .and_then(Value::as_array_mut)
        .context("the frame has no filters")?;
    let own = part.get("http_filters").and_then(Value::as_array);
    let own = own.context("the contender has no `http_filters`")?;
    // The frame's only filter is the router, which comes last.
    filters.splice(0..0, own.iter().cloned());
    let clusters = part.get("clusters").cloned().unwrap_or_else(|| json!([]));
    let place = frame.pointer_mut("/static_resources/clusters");
    *place.context("the frame has no clusters")? = clusters;
    // JSON is YAML too.
    Ok(serde_json::to_string_pretty(&frame)?)
}

fn fill(part: &str, words: &Words<'_>) -> String {
    words.iter().fold(part.to_owned(), |text, (word, value)| {
        text.replace(&format!("@{word}@"), value)
    })
}

/// Text as it stands between double quotes in YAML, which takes JSON's escapes.
pub fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let inside = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contender_goes_before_the_router() {
        let part = "http_filters: [{ name: own, port: @PORT@, text: \"@TEXT@\" }]\nclusters: [1]";
        let words = [("PORT", "7".to_owned()), ("TEXT", quoted("a \"b\"\n"))];
        let rendered: Value = serde_json::from_str(&render(part, &words).unwrap()).unwrap();
        let filters = rendered
            .pointer(&format!("{LISTENER}/http_filters"))
            .unwrap();
        assert_eq!(
            filters[0],
            json!({"name": "own", "port": 7, "text": "a \"b\"\n"})
        );
        assert_eq!(filters[1]["name"], "envoy.filters.http.router");
        assert_eq!(rendered["static_resources"]["clusters"], json!([1]));
    }
}
