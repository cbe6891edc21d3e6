//! Reading and stripping cookies, byte for byte.
//!
//! No cookie library here: they trim Unicode spaces and re-encode values, and either would let a
//! cookie of another host pass for one with the `__Host-` prefix, or change what is not ours.

use std::mem;

use super::Head;
use crate::names::is_own_cookie;

/// How many values under one name are looked at.
const MAX_VALUES: usize = 3;

/// The values of a cookie, at most three, in the order in which they came.
#[must_use]
pub fn values<'a>(head: Head<'a>, name: &str) -> Vec<&'a [u8]> {
    pairs(head)
        .filter(|pair| pair.name == name.as_bytes())
        .map(|pair| pair.value)
        .take(MAX_VALUES)
        .collect()
}

/// Every cookie whose name begins so: the rest of the name, and the value.
pub fn with_prefix<'a>(
    head: Head<'a>,
    prefix: &'static str,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    pairs(head).filter_map(move |pair| {
        let rest = pair.name.strip_prefix(prefix.as_bytes())?;
        Some((rest, pair.value))
    })
}

/// The cookie lines without the project's cookies; `None` if they hold none, so that nothing is
/// touched. A line of which nothing remains is left out.
#[must_use]
pub fn without_own(head: Head<'_>) -> Option<Vec<Vec<u8>>> {
    if !pairs(head).any(|pair| is_own_cookie(pair.name)) {
        return None;
    }
    Some(head.all("cookie").filter_map(strip_line).collect())
}

struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

fn pairs(head: Head<'_>) -> impl Iterator<Item = Pair<'_>> {
    head.all("cookie").flat_map(segments).map(parse)
}

/// The parts of a line between its semicolons. A token is long, so bytes are not looked at one by
/// one.
fn segments(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr::memchr_iter(b';', line)
        .chain([line.len()])
        .filter_map(move |at| line.get(mem::replace(&mut from, at + 1)..at))
}

/// Space and tab are cut around name and value, and nothing else (RFC 6265, section 5.2).
fn parse(segment: &[u8]) -> Pair<'_> {
    match memchr::memchr(b'=', segment) {
        Some(at) => Pair {
            name: trim(segment.get(..at).unwrap_or_default()),
            value: trim(segment.get(at + 1..).unwrap_or_default()),
        },
        None => Pair {
            name: trim(segment),
            value: b"",
        },
    }
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A line without our cookies. What is left keeps its bytes; only the space that parted the
/// first of them from one of ours goes too.
fn strip_line(line: &[u8]) -> Option<Vec<u8>> {
    let mut kept = segments(line)
        .enumerate()
        .filter(|(_, segment)| !is_own_cookie(parse(segment).name));
    let (index, first) = kept.next()?;
    let mut stripped = Vec::with_capacity(line.len());
    stripped.extend_from_slice(if index == 0 {
        first
    } else {
        first.strip_prefix(b" ").unwrap_or(first)
    });
    for (_, segment) in kept {
        stripped.push(b';');
        stripped.extend_from_slice(segment);
    }
    (!trim(&stripped).is_empty()).then_some(stripped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::TOKEN_COOKIE;
    use crate::request::Field;

    fn with<T>(lines: &[&[u8]], f: impl FnOnce(Head<'_>) -> T) -> T {
        let fields: Vec<_> = lines
            .iter()
            .map(|value| Field {
                name: b"cookie",
                value,
            })
            .collect();
        f(Head::new(&fields, false))
    }

    #[test]
    fn values_are_read_under_the_exact_name() {
        let line: &[u8] = b"__Host-access_token=1; x=2;__Host-access_token=3;\t__Host-access_token\t= 4 ; __Host-access_token=5";
        with(&[line], |head| {
            assert_eq!(values(head, TOKEN_COOKIE), [b"1", b"3", b"4"]);
        });
        for other in [
            "\u{a0}__Host-access_token=1",
            "\u{2003}__Host-access_token=1",
            "\u{b}__Host-access_token=1",
            "__host-access_token=1",
            "__Host-access_token\0=1",
            "x=__Host-access_token=1",
            "\"__Host-access_token\"=1",
        ] {
            with(&[other.as_bytes()], |head| {
                assert!(values(head, TOKEN_COOKIE).is_empty(), "{other:?}");
            });
        }
    }

    #[test]
    fn our_cookies_go_and_all_others_keep_their_bytes() {
        for (line, rest) in [
            ("__Host-access_token=a", None),
            ("__Host-access_token=a; ", None),
            ("a=1; __Host-access_token=x; b=2", Some("a=1; b=2")),
            ("__Host-access_token=x; a=1", Some("a=1")),
            ("a=1;__Host-access_binding=x", Some("a=1")),
            (
                "a=\"q;q\"; __Host-access_login_12345678=x;  b = 2 ;",
                Some("a=\"q;q\";  b = 2 ;"),
            ),
            ("__Host-access_token_0123456789abcdef=x;c", Some("c")),
        ] {
            with(&[line.as_bytes()], |head| {
                let expected: Vec<Vec<u8>> = rest.iter().map(|r| r.as_bytes().to_vec()).collect();
                assert_eq!(without_own(head), Some(expected), "{line}");
            });
        }
        with(&[b"a=1; b=\xff\xfe", b"c=3"], |head| {
            assert_eq!(without_own(head), None)
        });
        with(
            &[
                b"a=\xff",
                b"__Host-access_token=x",
                b"b=2; __Host-access_session=y",
            ],
            |head| {
                assert_eq!(
                    without_own(head),
                    Some(vec![b"a=\xff".to_vec(), b"b=2".to_vec()])
                );
            },
        );
    }
}
