//! The syntax and spelling of e-mail addresses.

const MAX_BYTES: usize = 254;

/// The address in the spelling that is stored and compared; `None` if it is not an address.
///
/// All lower-case: the part before the `@` could be case-sensitive (RFC 5321, section 2.4), but in
/// practice no two users differ only in case.
#[must_use]
pub fn normal(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let good = text.len() <= MAX_BYTES
        && !local.is_empty()
        && local.len() <= 64
        && !local
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "@,;<>()\"\\".contains(c))
        && is_domain(domain);
    good.then(|| text.to_lowercase())
}

/// Whether a text can follow the `@`.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        assert_eq!(
            normal("Ana@Example.COM").as_deref(),
            Some("ana@example.com")
        );
        assert_eq!(
            normal("admin@localhost").as_deref(),
            Some("admin@localhost")
        );
        for bad in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "a b@c",
            "a@b@c",
            "a@b..c",
            "a,b@c",
        ] {
            assert_eq!(normal(bad), None, "{bad}");
        }
    }
}
