//! Tables of what was sent and what came back, to be held beside the papers.
//!
//! Each goes to `tables/<name>.md` among the run's logs, and to the output of its test.

use std::fmt::Write;
use std::fs;

use anyhow::Result;

use crate::directories;

/// A table in the making.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    text: String,
}

impl Table {
    /// A table with these columns.
    #[must_use]
    pub fn new(name: &'static str, columns: &[&str]) -> Self {
        let mut table = Self {
            name,
            text: String::new(),
        };
        table.line(columns);
        table.line(&vec!["---"; columns.len()]);
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|cell| visible(cell)).collect();
        self.line(&cells);
    }

    /// Writes it.
    ///
    /// # Errors
    /// When the file cannot be written.
    #[expect(clippy::print_stdout, reason = "the output of a test")]
    pub fn print(&self) -> Result<()> {
        let directory = directories::of_stand("tables")?;
        fs::create_dir_all(&directory)?;
        fs::write(directory.join(format!("{}.md", self.name)), &self.text)?;
        println!("{}", self.text);
        Ok(())
    }

    fn line(&mut self, cells: &[impl AsRef<str>]) {
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
    }
}

/// Bytes as text: everything but visible ASCII as its number in braces.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_graphic() || *byte == b' ' {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "{{{byte:02x}}}");
        }
    }
    text
}

/// A cell that does not break its table, and is not endless.
fn visible(cell: &str) -> String {
    const MOST: usize = 160;
    let text: String = cell.chars().take(MOST).collect();
    let more = if cell.chars().count() > MOST {
        "…"
    } else {
        ""
    };
    format!("{}{more}", text.replace('|', "\\|").replace('\n', " "))
}
