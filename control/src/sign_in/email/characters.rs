//! Characters in e-mail addresses that deceive: those that cannot be seen, and those of one script
//! that look like those of another.

use std::collections::BTreeSet;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, Script, SoftDotted};
use icu_properties::{CodePointMapData, CodePointSetData, PropertyNamesLong};

const DOT_ABOVE: char = '\u{307}';
/// It looks like a space, though it is a symbol.
const BLANK_BRAILLE: char = '\u{2800}';

/// In NFC.
pub(super) fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(text)
        .into_owned()
}

/// Whether a character is invisible, or has no meaning at all: controls, formats such as U+200B and
/// U+202E, spaces other than the plain one, private and unassigned characters.
pub(crate) fn is_invisible(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let has_no_meaning = matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    );
    has_no_meaning
        || (category == GeneralCategory::SpaceSeparator && c != ' ')
        || c == BLANK_BRAILLE
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// A text with its invisible characters escaped, to be shown to people.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A text with its invisible characters escaped, and with the scripts that it mixes, as
/// `аna@example.com [Cyrillic+Latin]`.
#[must_use]
pub fn with_scripts(text: &str) -> String {
    let (text, scripts) = (visible(text), mixed_scripts(text));
    if scripts.is_empty() {
        text
    } else {
        format!("{text} [{}]", scripts.join("+"))
    }
}

/// A mark that has no letter, or that nobody sees on its letter: a dot above `i`, `j` and their kin,
/// which have one, or above `ı` and `ȷ`, which then look like them.
pub(super) fn hidden_mark(text: &str) -> Option<char> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let soft_dotted = CodePointSetData::new::<SoftDotted>();
    let mut letter = None;
    for c in text.chars() {
        let is_mark = matches!(
            categories.get(c),
            GeneralCategory::NonspacingMark
                | GeneralCategory::SpacingMark
                | GeneralCategory::EnclosingMark
        );
        if !is_mark {
            letter = Some(c);
            continue;
        }
        let Some(marked) = letter else { return Some(c) };
        let has_dot = soft_dotted.contains(marked) || matches!(marked, 'ı' | 'ȷ');
        if c == DOT_ABOVE && has_dot {
            return Some(c);
        }
    }
    None
}

/// Whether a character stands for other letters (NFKC), as `ﬁ` and the full-width `ａ` do.
pub(super) fn is_compatible(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let text = c.to_string();
    let plain = ComposingNormalizerBorrowed::new_nfkc();
    *plain.normalize(&text) != *composed(&text)
}

/// [`mixed_scripts`], to be sent.
#[must_use]
pub fn scripts_of(text: &str) -> Vec<String> {
    mixed_scripts(text).into_iter().map(str::to_owned).collect()
}

/// The scripts of a text that mixes several, by their names in Unicode, such as `Cyrillic` and
/// `Latin`; empty if it does not. Scripts that are written together, as in Japanese, are one.
#[must_use]
pub fn mixed_scripts(text: &str) -> Vec<&'static str> {
    let scripts = CodePointMapData::<Script>::new();
    let names = PropertyNamesLong::<Script>::new();
    let found: BTreeSet<&str> = text
        .chars()
        .map(|c| scripts.get(c))
        .filter(|script| ![Script::Common, Script::Inherited, Script::Unknown].contains(script))
        .filter_map(|script| names.get(script))
        .collect();
    let is_one = found.len() <= 1
        || [
            &["Han", "Hiragana", "Katakana"][..],
            &["Han", "Hangul"],
            &["Bopomofo", "Han"],
        ]
        .iter()
        .any(|together| found.iter().all(|name| together.contains(name)));
    if is_one {
        Vec::new()
    } else {
        found.into_iter().collect()
    }
}
