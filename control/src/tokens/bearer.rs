//! Bearer tokens in the header of a request (RFC 6750, section 2.1).

use axum::http::{HeaderMap, header};

/// The request's bearer token; `None` if there is none, or more than one `authorization`: a proxy may
/// have looked at either of them.
#[must_use]
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let (scheme, token) = line.to_str().ok()?.split_once(' ')?;
    // RFC 9110, section 11.1: schemes are case-insensitive.
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AUTHORIZATION, line.parse().unwrap());
        }
        token(&headers).map(str::to_owned)
    }

    #[test]
    fn one_line_with_the_scheme() {
        for line in ["Bearer x", "bearer x", "BEARER  x "] {
            assert_eq!(found(&[line]).as_deref(), Some("x"), "{line}");
        }
        for line in ["x", "Basic x", "Bearer", "Bearerx", ""] {
            assert_eq!(found(&[line]), None, "{line}");
        }
        assert_eq!(found(&[]), None);
        assert_eq!(found(&["Bearer x", "Bearer x"]), None);
    }
}
