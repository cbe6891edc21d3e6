//! A request's head, as bytes: none of it can be assumed to be text.

pub mod cookies;
pub mod framework;
pub mod kind;

/// A header field. Names are in lower case, as the host delivers them.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
}

/// The head of a request: header fields in their order, pseudo-headers among them.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    fields: &'a [Field<'a>],
    has_body: bool,
}

/// A head that outlives the callback in which it arrived.
#[derive(Debug, Clone)]
pub struct OwnedHead {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    has_body: bool,
}

impl<'a> Head<'a> {
    /// A head of these fields, followed by a body or not.
    #[must_use]
    pub fn new(fields: &'a [Field<'a>], has_body: bool) -> Self {
        Self { fields, has_body }
    }

    /// Whether a body follows, whatever the fields say.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.has_body
    }

    /// How many bytes a copy of it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        let sizes = self
            .fields
            .iter()
            .map(|field| field.name.len() + field.value.len());
        sizes.sum()
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &'a [Field<'a>] {
        self.fields
    }

    /// Every value under a name.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.fields
            .iter()
            .filter(move |field| field.name == name.as_bytes())
            .map(|field| field.value)
    }

    /// The first value under a name.
    #[must_use]
    pub fn first(&self, name: &'static str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The only value under a name; `None` also if there are several.
    #[must_use]
    pub fn only(&self, name: &'static str) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// Whether there is a field of that name.
    #[must_use]
    pub fn has(&self, name: &'static str) -> bool {
        self.first(name).is_some()
    }

    /// Whether a field of that name has this value, given in lower case.
    #[must_use]
    pub fn says(&self, name: &'static str, lower: &[u8]) -> bool {
        self.all(name)
            .any(|value| value.trim_ascii().eq_ignore_ascii_case(lower))
    }

    /// Whether the answer is shown in a frame.
    #[must_use]
    pub fn is_in_frame(&self) -> bool {
        self.all("sec-fetch-dest")
            .any(|dest| matches!(dest, b"iframe" | b"frame" | b"embed" | b"object"))
    }

    /// Whether the method only reads, and so can be repeated by loading a page (RFC 9110, section
    /// 9.2.1).
    #[must_use]
    pub fn is_safe(&self) -> bool {
        matches!(self.method(), b"GET" | b"HEAD")
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &'a [u8] {
        self.first(":method").unwrap_or_default()
    }

    /// Path and query as sent.
    #[must_use]
    pub fn target(&self) -> &'a [u8] {
        self.first(":path").unwrap_or_default()
    }

    /// The path as sent, without the query.
    #[must_use]
    pub fn path(&self) -> &'a [u8] {
        self.target()
            .split(|b| *b == b'?')
            .next()
            .unwrap_or_default()
    }

    /// The query as sent, without `?`.
    #[must_use]
    pub fn query(&self) -> &'a [u8] {
        self.target()
            .get(self.path().len() + 1..)
            .unwrap_or_default()
    }

    /// A copy that can be kept.
    #[must_use]
    pub fn to_owned(&self) -> OwnedHead {
        let copy = |field: &Field<'_>| (field.name.to_vec(), field.value.to_vec());
        OwnedHead {
            fields: self.fields.iter().map(copy).collect(),
            has_body: self.has_body,
        }
    }
}

impl OwnedHead {
    /// Whether a body follows.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.has_body
    }

    /// The fields, to make a [`Head`] of.
    #[must_use]
    pub fn fields(&self) -> Vec<Field<'_>> {
        self.fields
            .iter()
            .map(|(name, value)| Field { name, value })
            .collect()
    }
}

/// The value of a parameter in a query, percent-decoded (`application/x-www-form-urlencoded`).
///
/// `None` if it is missing, comes twice, or is not UTF-8.
#[must_use]
#[inline(never)]
pub fn query_parameter(query: &[u8], name: &str) -> Option<String> {
    let mut values = query.split(|b| *b == b'&').filter_map(|pair| {
        let pair = pair.strip_prefix(name.as_bytes())?;
        if pair.is_empty() {
            Some(pair)
        } else {
            pair.strip_prefix(b"=")
        }
    });
    let value = values.next().filter(|_| values.next().is_none())?;
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let digit = |b: u8| char::from(b).to_digit(16);
                decoded.push(u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => decoded.push(*byte),
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Calls `f` with a head of these fields.
    pub fn with_head<T>(fields: &[(&str, &str)], f: impl FnOnce(Head<'_>) -> T) -> T {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| Field {
                name: name.as_bytes(),
                value: value.as_bytes(),
            })
            .collect();
        f(Head::new(&fields, false))
    }

    #[test]
    fn path_and_query_part_at_the_first_question_mark() {
        for (target, path, query) in [
            ("/a?b?c", "/a", "b?c"),
            ("/a", "/a", ""),
            ("/a?", "/a", ""),
            ("", "", ""),
        ] {
            with_head(&[(":path", target)], |head| {
                assert_eq!(
                    (head.path(), head.query()),
                    (path.as_bytes(), query.as_bytes())
                );
            });
        }
    }

    #[test]
    fn only_is_exact() {
        with_head(&[("a", "1"), ("b", "2"), ("a", "3")], |head| {
            assert_eq!(head.only("a"), None);
            assert_eq!(head.only("b"), Some(&b"2"[..]));
            assert_eq!(head.first("a"), Some(&b"1"[..]));
            assert!(!head.has("c"));
        });
    }

    #[test]
    fn query_parameters_are_decoded_once() {
        let get = |query: &str| query_parameter(query.as_bytes(), "x");
        assert_eq!(get("a=1&x=%2Fa%3Fb+c%2525"), Some("/a?b c%25".into()));
        assert_eq!(get("x="), Some(String::new()));
        assert_eq!(get("x"), Some(String::new()));
        for bad in ["", "xx=1", "x=1&x=2", "x=%", "x=%2", "x=%zz", "x=%ff"] {
            assert_eq!(get(bad), None, "{bad}");
        }
    }
}
