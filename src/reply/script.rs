//! `GET /.access/portcullis.js`: the script by which a page survives the end of a session. It is the
//! same for all users, so caches may keep it. A test keeps it small.

use super::Reply;
use crate::protocol::base64url;
use crate::request::Head;

/// The script, as it is served.
const SCRIPT: &str = include_str!("portcullis.js");
/// Long enough to cost nothing, short enough that an update arrives within the hour.
const CACHE: &str = "public, max-age=3600";

/// The script, or 304 if the client has it already (RFC 9110, section 13.1.2).
#[must_use]
pub fn reply(head: Head<'_>) -> Reply {
    let tag = entity_tag();
    let known = head.all("if-none-match").any(|tags| names(tags, &tag));
    let (status, body) = if known { (304, "") } else { (200, SCRIPT) };
    let mut headers = vec![
        ("cache-control", CACHE.to_owned()),
        ("etag", tag),
        // A cache must not hand a copy for one origin to another.
        ("vary", "Origin".to_owned()),
    ];
    if !known {
        headers.extend([
            ("content-type", "text/javascript; charset=utf-8".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ]);
    }
    Reply {
        status,
        reason: "script",
        headers,
        body: body.to_owned(),
        grpc_status: None,
    }
}

fn entity_tag() -> String {
    let hash = hmac_sha256::Hash::hash(SCRIPT.as_bytes());
    format!("\"{}\"", base64url::encode(&hash))
}

/// Whether `if-none-match` names a tag; compared weakly, as a proxy may have weakened it.
fn names(tags: &[u8], wanted: &str) -> bool {
    tags.split(|b| *b == b',').any(|tag| {
        let tag = tag.trim_ascii();
        tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == wanted.as_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::with_head;

    #[test]
    fn the_script_is_small() {
        assert!(SCRIPT.len() < 6_656, "{} bytes", SCRIPT.len());
    }

    #[test]
    fn the_script_does_nothing_that_a_strict_policy_forbids() {
        for word in [
            "eval",
            "innerHTML",
            "Function(",
            "setAttribute(\"style",
            "import(",
            "import ",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }

    #[test]
    fn a_client_that_has_the_script_gets_304() {
        let tag = entity_tag();
        let status = |tags: &str| with_head(&[("if-none-match", tags)], |head| reply(head).status);
        for tags in [&tag, "*", &format!("W/{tag}"), &format!("\"x\", {tag}")] {
            assert_eq!(status(tags), 304, "{tags}");
        }
        for tags in ["", "\"x\"", &tag[1..]] {
            assert_eq!(status(tags), 200, "{tags}");
        }
        let all = with_head(&[], reply);
        assert_eq!((all.status, all.body.as_str()), (200, SCRIPT));
    }
}
