//! Reading and stripping cookies, byte for byte.
//!
//! Cookie libraries are not used here. They trim Unicode spaces and re-encode values: the former
//! would let a cookie of another host pass for one with the `__Host-` prefix, the latter would change
//! cookies of the application.

use std::mem;

use super::Head;
use crate::names::{OWN_COOKIE_PREFIX, is_own_cookie};

/// How many bytes of values of one name are read: more than Envoy lets a request have by default. A
/// browser sends one value, but another host of its site may have planted others before it, so a
/// count would let false cookies hide the good one.
const MAX_BYTES: usize = 64 * 1024;

/// The values of one of the project's cookies, in the order in which they came, up to
/// [`MAX_BYTES`].
#[must_use]
pub fn values<'a>(head: Head<'a>, name: &str) -> Vec<&'a [u8]> {
    let [values] = values_of(head, [name]);
    values
}

/// The same of several of the project's cookies, in one walk.
#[must_use]
pub fn values_of<'a, const N: usize>(head: Head<'a>, names: [&str; N]) -> [Vec<&'a [u8]>; N] {
    let mut found = [const { Vec::new() }; N];
    let mut room = [MAX_BYTES; N];
    for pair in own_pairs(head) {
        for ((name, values), room) in names.iter().zip(&mut found).zip(&mut room) {
            if pair.name == name.as_bytes() {
                // Once there is no room, later values are not read, however short they are.
                *room = room.checked_sub(pair.value.len()).unwrap_or(0);
                if *room > 0 {
                    values.push(pair.value);
                }
            }
        }
    }
    found
}

/// Each of the project's cookies whose name begins so: the rest of the name, and the value.
pub fn with_prefix<'a>(
    head: Head<'a>,
    prefix: &'static str,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    own_pairs(head).filter_map(move |pair| {
        let rest = pair.name.strip_prefix(prefix.as_bytes())?;
        Some((rest, pair.value))
    })
}

/// Cookie lines without the project's cookies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cookies {
    /// How many lines were sent.
    pub sent: usize,
    /// What is left of them. A line of which nothing remains is left out.
    pub left: Vec<Vec<u8>>,
}

/// What is left of the cookie lines without the project's cookies; `None` if they hold none, so
/// that nothing is touched.
#[must_use]
pub fn without_own(head: Head<'_>) -> Option<Cookies> {
    let mut cookies = Cookies::default();
    let mut touched = false;
    for line in head.all("cookie") {
        let stripped = strip_line(line);
        cookies.sent += 1;
        cookies.left.extend(stripped.left);
        touched |= stripped.touched;
    }
    touched.then_some(cookies)
}

struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// Cookies whose names begin as the project's do. Others are skipped.
fn own_pairs(head: Head<'_>) -> impl Iterator<Item = Pair<'_>> {
    head.all("cookie")
        .flat_map(segments)
        .filter(|segment| may_be_own(segment))
        .map(parse)
}

fn may_be_own(segment: &[u8]) -> bool {
    trim_start(segment).starts_with(OWN_COOKIE_PREFIX.as_bytes())
}

fn is_own(segment: &[u8]) -> bool {
    may_be_own(segment) && is_own_cookie(parse(segment).name)
}

/// The parts of a line between its semicolons. A token is long, so bytes are not compared one by
/// one.
fn segments(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr::memchr_iter(b';', line)
        .chain([line.len()])
        .filter_map(move |at| line.get(mem::replace(&mut from, at + 1)..at))
}

/// Only space and tab are trimmed around name and value (RFC 6265, section 5.2).
fn parse(segment: &[u8]) -> Pair<'_> {
    // Names are short.
    match segment.iter().position(|byte| *byte == b'=') {
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

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// What remains of a line.
struct Stripped {
    /// Whether it held a cookie of the project.
    touched: bool,
    /// `None` if nothing remains.
    left: Option<Vec<u8>>,
}

/// A line without the project's cookies. Other cookies keep their bytes; only the space between a
/// removed cookie and the first that stays is removed too.
fn strip_line(line: &[u8]) -> Stripped {
    let mut left = Vec::with_capacity(line.len());
    let (mut touched, mut is_first) = (false, true);
    for segment in segments(line) {
        if is_own(segment) {
            touched = true;
        } else if is_first {
            is_first = false;
            let spaced = touched.then(|| segment.strip_prefix(b" ")).flatten();
            left.extend_from_slice(spaced.unwrap_or(segment));
        } else {
            left.push(b';');
            left.extend_from_slice(segment);
        }
    }
    let is_empty = trim(&left).is_empty();
    Stripped {
        touched,
        left: (!is_empty).then_some(left),
    }
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
            assert_eq!(values(head, TOKEN_COOKIE), [b"1", b"3", b"4", b"5"]);
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
    fn values_of_one_name_are_read_up_to_a_number_of_bytes() {
        let long = format!("__Host-access_token={}", "x".repeat(MAX_BYTES / 4));
        let lines = [long.as_bytes(), long.as_bytes(), long.as_bytes()];
        with(&lines, |head| {
            assert_eq!(values(head, TOKEN_COOKIE).len(), 3)
        });
        let lines = [lines, lines].concat();
        let last: &[u8] = b"__Host-access_token=1; __Host-access_binding=2";
        with(&[&lines[..], &[last]].concat(), |head| {
            assert_eq!(values(head, TOKEN_COOKIE).len(), 3);
            assert_eq!(values(head, crate::names::BINDING_COOKIE), [b"2"]);
        });
    }

    #[test]
    fn own_cookies_are_removed_and_all_others_keep_their_bytes() {
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
                assert_eq!(without_own(head).map(|c| c.left), Some(expected), "{line}");
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
                    Some(Cookies {
                        sent: 3,
                        left: vec![b"a=\xff".to_vec(), b"b=2".to_vec()],
                    })
                );
            },
        );
    }
}
