//! Text of others, on a page.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::sign_in::email::characters::is_invisible;

/// A text that somebody chose: a name, an address, what a browser says about itself.
///
/// A template shows it inside `<bdi>`, so that it cannot turn the line around it, with characters that
/// cannot be seen as `U+202E`, and escaped. In an attribute, use [`Self::plain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    plain: String,
}

impl Shown {
    /// A text of others.
    pub fn new(text: &str) -> Self {
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            if is_invisible(c) {
                plain.push_str(&format!("U+{:04X}", u32::from(c)));
            } else {
                plain.push(c);
            }
        }
        Self { plain }
    }

    /// Without `<bdi>`, for attributes and titles. Templates escape it.
    pub fn plain(&self) -> &str {
        &self.plain
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<bdi>")?;
        for c in self.plain.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => fmt::Write::write_char(f, c)?,
            }
        }
        f.write_str("</bdi>")
    }
}

impl HtmlSafe for Shown {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_harmless_and_visible() {
        let shown = Shown::new("<b>&\"'\u{202e}moc\n");
        assert_eq!(
            shown.to_string(),
            "<bdi>&lt;b&gt;&amp;&quot;&#39;U+202EmocU+000A</bdi>"
        );
        assert_eq!(shown.plain(), "<b>&\"'U+202EmocU+000A");
    }
}
