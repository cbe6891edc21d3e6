//! Which cookies an origin must see, by a second and simple reading of cookie lines.

/// Names that are the project's, alone or before `_`.
const OWN: [&[u8]; 6] = [
    b"__Host-access_token",
    b"__Host-access_binding",
    b"__Host-access_login",
    b"__Host-access_session",
    b"__Host-access_signin",
    b"__Host-access_returns",
];

/// Every cookie that is not the project's, byte for byte, in order. How they are spread over
/// lines does not matter, since HTTP/2 has no lines (RFC 9113, section 8.2.3); nor does the one
/// space after a `;`.
pub fn of_others(lines: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut cookies = Vec::new();
    for line in lines {
        for cookie in trimmed(line).split(|byte| *byte == b';') {
            let cookie = cookie.strip_prefix(b" ").unwrap_or(cookie);
            if !cookie.is_empty() && !is_own(cookie) {
                cookies.push(cookie.to_vec());
            }
        }
    }
    cookies
}

fn is_own(cookie: &[u8]) -> bool {
    let name = cookie
        .split(|byte| *byte == b'=')
        .next()
        .unwrap_or_default();
    let name = trimmed(name);
    OWN.iter()
        .any(|own| name == *own || (name.starts_with(own) && name.get(own.len()) == Some(&b'_')))
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', inner @ ..] | [inner @ .., b' ' | b'\t'] = bytes {
        bytes = inner;
    }
    bytes
}
