//! Text in HTML, and the names of inline scripts and styles in policies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A script or style, as a policy names it (Content Security Policy Level 3, "hash-source").
pub(crate) fn hash_source(text: &str) -> String {
    let hash = hmac_sha256::Hash::hash(text.as_bytes());
    let hash = STANDARD.encode(hash);
    format!("'sha256-{hash}'")
}

/// Text as markup, in an element or in an attribute's double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
