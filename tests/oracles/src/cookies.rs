//! Cookie headers.

use portcullis::names::{TOKEN_COOKIE, is_own_cookie};
use portcullis::request::cookies::{values, without_own};
use portcullis::request::{Field, Head};

/// Each line of the input is a `cookie` header. What is read agrees with a second reader; what is
/// stripped holds none of our cookies and all others in their order.
pub fn cookies(input: &[u8]) {
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let fields: Vec<_> = lines
        .iter()
        .map(|value| Field {
            name: b"cookie",
            value,
        })
        .collect();
    let head = Head::new(&fields, false);
    let sent: Vec<Cookie> = lines.iter().flat_map(|line| read(line)).collect();

    let tokens = sent
        .iter()
        .filter(|cookie| cookie.name == TOKEN_COOKIE.as_bytes());
    let expected: Vec<_> = tokens.take(3).map(|cookie| &cookie.value[..]).collect();
    assert_eq!(values(head, TOKEN_COOKIE), expected);

    let own = |cookie: &Cookie| is_own_cookie(&cookie.name);
    let Some(left) = without_own(head) else {
        assert!(!sent.iter().any(own), "ours reach the origin");
        return;
    };
    assert!(sent.iter().any(own), "touched without need");
    let left: Vec<Cookie> = left.left.iter().flat_map(|line| read(line)).collect();
    assert!(!left.iter().any(own), "ours reach the origin");
    let texts = |cookies: &[Cookie]| -> Vec<Vec<u8>> {
        let foreign = cookies.iter().filter(|cookie| !own(cookie));
        let texts = foreign.map(|cookie| cookie.text.clone());
        texts.filter(|text| !text.is_empty()).collect()
    };
    assert_eq!(texts(&left), texts(&sent), "another's cookie has changed");
}

struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    /// Name, `=` and value, but for space around them.
    text: Vec<u8>,
}

/// Reads a line byte by byte, where the filter splits it.
fn read(line: &[u8]) -> Vec<Cookie> {
    let mut cookies = Vec::new();
    let (mut name, mut value, mut text) = (Vec::new(), None::<Vec<u8>>, Vec::new());
    for byte in line.iter().copied().chain([b';']) {
        match (byte, &mut value) {
            (b';', _) => cookies.push(Cookie {
                name: trim(std::mem::take(&mut name)),
                value: trim(value.take().unwrap_or_default()),
                text: trim(std::mem::take(&mut text)),
            }),
            (b'=', None) => value = Some(Vec::new()),
            (_, None) => name.push(byte),
            (_, Some(value)) => value.push(byte),
        }
        if byte != b';' {
            text.push(byte);
        }
    }
    cookies
}

fn trim(mut bytes: Vec<u8>) -> Vec<u8> {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    while bytes.last().is_some_and(blank) {
        bytes.pop();
    }
    while bytes.first().is_some_and(blank) {
        bytes.remove(0);
    }
    bytes
}
