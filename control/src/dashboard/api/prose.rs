//! Text of the description, in which code stands between backticks.

/// A text.
pub struct Prose {
    /// Text and code in turn; text first.
    pub parts: Vec<Part>,
}

/// A part of a text.
pub struct Part {
    /// What it says.
    pub text: String,
    /// Whether it is code.
    pub is_code: bool,
}

impl Prose {
    /// A text of the description.
    pub fn of(text: Option<&str>) -> Self {
        let parts = text.unwrap_or_default().split('`').enumerate();
        let parts = parts.map(|(index, text)| Part {
            text: text.to_owned(),
            is_code: index % 2 == 1,
        });
        Self {
            parts: parts.filter(|part| !part.text.is_empty()).collect(),
        }
    }
}
