//! What a page says after an act.

use serde::Deserialize;

/// The query of a page after an act: a code, which chooses a text and never is one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Done {
    /// What was done.
    pub done: String,
}
