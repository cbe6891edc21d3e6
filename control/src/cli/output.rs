//! Output: results on standard output, notices and errors on standard error.

use std::io::Write;

use portcullis::time::UnixSeconds;
use serde::Serialize;
use serde_json::json;

use super::error::CliError;
use crate::words::counted;

pub use crate::words::time;

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// JSON, or text.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Shows a result: the object itself, or the text.
    pub fn result(self, object: &impl Serialize, text: impl FnOnce() -> String) {
        let line = if self.json {
            serde_json::to_string(object).unwrap_or_default()
        } else {
            text()
        };
        // An error means that the reader closed the pipe.
        let _ = writeln!(std::io::stdout(), "{line}");
        let _ = std::io::stdout().flush();
    }

    /// Shows a notice that is not part of the result.
    pub fn notice(self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Shows why a command failed.
    pub fn error(self, error: &CliError) {
        let line = if self.json {
            json!({
                "error": error.to_string(),
                "reason": error.reason(),
                "problems": error.problems(),
            })
            .to_string()
        } else {
            format!("error: {error}")
        };
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// When a credential was last used, as text.
pub fn last_used(at: Option<UnixSeconds>) -> String {
    at.map_or_else(|| "never".to_owned(), time)
}

/// A table of rows under headings.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = headings.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings)];
    lines.extend(
        rows.iter()
            .map(|row| line(row.each_ref().map(String::as_str))),
    );
    lines.join("\n")
}

/// How many sessions ended, in words.
pub fn sessions_ended(count: u64) -> String {
    format!("{} ended", counted(count, "session", "sessions"))
}
