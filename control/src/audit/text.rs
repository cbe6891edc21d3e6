//! Texts that fit into columns.

/// The longest text, in bytes. Names and addresses that are longer are cut.
pub(super) const LONGEST: usize = 512;

/// What fits into a column.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
    }
    text
}
