//! The corpus: what is sent, and what it tries.

use anyhow::{Context, Result, ensure};

/// A path that an attacker may try.
#[derive(Debug, Clone)]
pub struct Trick {
    /// The request target, byte for byte.
    pub target: Vec<u8>,
    /// What it tries.
    pub what: &'static str,
}

/// All tricks, for an application at `authority`.
///
/// # Errors
/// When a line of the file is none.
pub fn tricks(authority: &str) -> Result<Vec<Trick>> {
    let lines = include_str!("corpus.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (target, what) = line.split_once('\t').context("no tab")?;
            let target = target.replace("@HOST@", authority);
            Ok(Trick {
                target: bytes(&target).with_context(|| line.to_owned())?,
                what,
            })
        })
        .collect()
}

/// A text with bytes in braces.
fn bytes(text: &str) -> Result<Vec<u8>> {
    let mut parts = text.split('{');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (number, rest) = part.split_once('}').context("a brace that does not end")?;
        ensure!(number.len() == 2, "{number} in braces");
        bytes.push(u8::from_str_radix(number, 16)?);
        bytes.extend(rest.as_bytes());
    }
    Ok(bytes)
}
